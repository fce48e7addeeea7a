//! `footprint case list`: the cases that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::views::CaseShown;
use soar_store::model::{CaseId, Status};

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment, moment_if_any};
use crate::values::within;

/// List cases, the oldest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: all your sites]
    #[arg(long)]
    site: Option<String>,

    /// Only cases with this status: Open or Closed
    #[arg(long)]
    status: Option<Status>,

    /// Only cases after this marker, which the page before shows
    #[arg(long, value_name = "NEXT")]
    after: Option<CaseId>,

    /// The most cases to show
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<u32>(1..=100_000))]
    limit: u32,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = match &arguments.site {
        Some(name) => Some(session.site(Some(name)).await?.name),
        None => None,
    };
    let Arguments { status, after, limit, .. } = arguments;
    let (operations, context) = (session.operations(), session.context("case list"));
    let page = operations.list_cases(&context, site.as_deref(), *status, *after, i64::from(*limit)).await;
    let page = page.map_err(not_done)?;
    printer.list(&page.cases, &arguments.list, "No such cases that you may see.")?;
    if let Some(next) = page.next {
        printer.note(&format!("There are more: --after {next}, or a larger --limit."));
    }
    Ok(Exit::Successful)
}

impl ListRow for CaseShown {
    const HEADINGS: &[&str] = &["Case", "Title", "Status", "Priority", "Site", "Owner", "Type", "Created", "Closed"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.number.clone(),
            self.title.clone(),
            self.status.to_string(),
            self.priority.clone(),
            self.site.clone(),
            self.owner.clone().unwrap_or_default(),
            self.case_type.clone(),
            moment(self.created_at),
            moment_if_any(self.closed_at),
        ]
    }
}
