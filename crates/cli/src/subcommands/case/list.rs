//! `footprint case list`: the cases that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::views::CaseShown;
use soar_store::Oversize;
use soar_store::model::{Case, Right, Site, SiteId, Status};

use crate::exit::Exit;
use crate::instance::{OperatorSession, advised};
use crate::printer::{ListOutput, ListRow, Printer, moment, moment_if_any};

/// List cases, the oldest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only on this site [default: on all of yours]
    #[arg(long)]
    site: Option<String>,

    /// Only those: Open or Closed
    #[arg(long)]
    status: Option<Status>,

    /// At most so many
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let sites = match &arguments.site {
        Some(name) => vec![session.site(Some(name)).await?],
        None => session.sites().await?,
    };
    let sites: Vec<Site> =
        sites.into_iter().filter(|site| session.caller(site.clone()).may(Right::SeeIncidents, site.id)).collect();
    let ids: Vec<SiteId> = sites.iter().map(|site| site.id).collect();
    let limit = arguments.limit as usize;
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut records = reader.records();
    // One more than is shown tells whether there are more.
    let wanted = i64::from(arguments.limit) + 1;
    let found = records.cases_after(&ids, arguments.status, None, wanted, Oversize::Refuse).await;
    let mut found = found.map_err(advised)?.rows;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<CaseShown> = found.into_iter().map(|case| shown(case, &sites)).collect();
    printer.list(&shown, arguments.output, "No cases that fit and that you may see.")?;
    if has_more {
        printer.note("There are more: give a larger --limit.");
    }
    Ok(Exit::Successful)
}

/// The case with the name of its site.
fn shown(case: Case, sites: &[Site]) -> CaseShown {
    let site = sites.iter().find(|site| site.id == case.site_id);
    CaseShown::of(case, site.map_or("", |site| &site.name))
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
