//! `footprint tenant runs show`: the result of each connection on each tenant.

use anyhow::Result;
use clap::Args;
use soar_store::SyncResultFilter;
use soar_store::model::{SyncChange, SyncRunId};

use super::ResultRow;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, Printer, counted, moment};

/// The number of results of a page.
const PAGE: i64 = 1000;

/// Show the result of each connection on each tenant in a run
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The run's number
    run: SyncRunId,

    /// Only failures
    #[arg(long)]
    failed: bool,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let context = session.context("tenant runs show");
    if arguments.list.output == ListOutput::Table {
        let run = operations.sync_run(&context, arguments.run).await.map_err(not_done)?;
        let tenants = counted(run.tenants.unsigned_abs(), "tenant");
        printer.line(&format!("Run {}: {}, {tenants}, started {}", run.id, run.status, moment(run.started_at)))?;
    }
    let mut filter =
        SyncResultFilter { change: arguments.failed.then_some(SyncChange::Failed), ..SyncResultFilter::default() };
    // A table is as wide as its widest cell, and JSON is one array. So both are complete before they are written.
    let is_whole = matches!(arguments.list.output, ListOutput::Table | ListOutput::Json);
    let mut kept: Vec<ResultRow> = Vec::new();
    let mut is_first = true;
    loop {
        let page = operations.sync_results(&context, arguments.run, filter, PAGE).await.map_err(not_done)?;
        let rows = page.results.into_iter().map(ResultRow);
        if is_whole {
            kept.extend(rows);
        } else {
            let rows: Vec<_> = rows.collect();
            match is_first {
                true => printer.list(&rows, &arguments.list, "")?,
                false => printer.more(&rows, &arguments.list)?,
            }
            is_first = false;
        }
        let Some(next) = page.next else { break };
        filter.after = Some(next);
    }
    if is_whole {
        let nothing = if arguments.failed { "Nothing failed." } else { "There was nothing to sync." };
        printer.list(&kept, &arguments.list, nothing)?;
    }
    Ok(Exit::Successful)
}
