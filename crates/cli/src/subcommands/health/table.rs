//! `footprint health`: the table of all connections, the worst first, once or repeatedly.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use soar_host::health::{ConnectionHealth, HealthFilter, HealthTable};
use soar_store::model::HealthState;

use super::health_row::HealthRow;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, Printer};
use crate::subcommands::simulate::StopSignals;
use crate::values::within;

/// Moves the cursor to the upper left corner and clears the rest.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

#[derive(Debug, Args)]
pub(super) struct TableFlags {
    /// Only connections of this site
    #[arg(long)]
    site: Option<String>,

    /// Only connections in this state: Unknown, Healthy, Degraded, Recovering, Stale or Failing
    #[arg(long)]
    state: Option<HealthState>,

    /// The most connections to show, the worst first, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    /// Repeat the table at this interval in seconds, until Ctrl-C [default: 2]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    #[arg(value_parser = within::<u64>(1..=3600))]
    watch: Option<u64>,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &TableFlags, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let site = session.site_if_named(arguments.site.as_deref()).await?;
    let context = session.context("health");
    let look = async || {
        let filter = HealthFilter { state: arguments.state, limit: Some(arguments.limit), ..HealthFilter::default() };
        let table = operations.list_health(&context, site.as_deref(), filter).await;
        table.map_err(not_done)
    };
    let Some(seconds) = arguments.watch else {
        show(&look().await?, arguments, printer)?;
        return Ok(Exit::Successful);
    };
    let again = async {
        loop {
            let table = look().await?;
            if printer.is_terminal() {
                printer.bytes(CLEAR)?;
            }
            show(&table, arguments, printer)?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    };
    tokio::select! {
        ended = again => ended,
        () = StopSignals::listen()?.wait() => Ok(Exit::Successful),
    }
}

fn show(table: &HealthTable, arguments: &TableFlags, printer: &mut Printer) -> Result<()> {
    let nothing = "No such connections that you may see. `footprint connection add` creates one.";
    match arguments.list.output {
        ListOutput::Table => {
            let row = |connection: &ConnectionHealth| HealthRow { connection: connection.clone(), now: table.at };
            let rows: Vec<_> = table.connections.iter().map(row).collect();
            printer.list(&rows, &arguments.list, nothing)?;
            if !rows.is_empty() {
                printer.line(&printer.faint(&summary(table)))?;
            }
        }
        _ => printer.list(&table.connections, &arguments.list, nothing)?,
    }
    Ok(())
}

/// The number of connections in each state, and the number that are not shown.
fn summary(table: &HealthTable) -> String {
    let counts = table.states.iter().rev().filter(|(_, count)| **count > 0);
    let counts: Vec<_> = counts.map(|(state, count)| format!("{count} {state}")).collect();
    match table.more() {
        0 => counts.join(" · "),
        more => format!("{} · {more} of them not shown: --limit, --state", counts.join(" · ")),
    }
}
