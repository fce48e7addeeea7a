//! `footprint tenant runs list`: the runs of Sync Connection, the newest first.

use anyhow::Result;
use clap::Args;
use soar_store::model::SyncRun;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};
use crate::values::number;

/// List the runs of Sync Connection, the newest first
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The most runs to show
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = number::<u32>)]
    limit: u32,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant runs list");
    let limit = i64::from(arguments.limit);
    let page = session.connected_operations()?.list_sync_runs(&context, None, limit).await.map_err(not_done)?;
    printer.list(&page.runs, &arguments.list, "Nothing was synced yet.")?;
    Ok(Exit::Successful)
}

impl ListRow for SyncRun {
    const HEADINGS: &[&str] =
        &["Run", "Status", "Started", "User", "Tenants", "Added", "Changed", "Unchanged", "Withdrawn", "Failed"];

    fn cells(&self) -> Vec<String> {
        let kind = match (self.planned, self.retry_of) {
            (true, _) => " (plan)".to_owned(),
            (false, Some(run)) => format!(" (retry of {run})"),
            (false, None) => String::new(),
        };
        vec![
            self.id.to_string(),
            format!("{}{kind}", self.status),
            moment(self.started_at),
            self.username.clone(),
            self.tenants.to_string(),
            self.counts.added.to_string(),
            self.counts.changed.to_string(),
            self.counts.unchanged.to_string(),
            self.counts.withdrawn.to_string(),
            self.counts.failed.to_string(),
        ]
    }
}
