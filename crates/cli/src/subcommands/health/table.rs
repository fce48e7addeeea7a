//! `footprint health`: the table of all connections, the worst first, once or again and again.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use soar_host::health::{ConnectionHealth, HealthFilter, HealthTable};
use soar_store::model::{Caller, HealthState, Moment};

use super::health_row::HealthRow;
use crate::exit::Exit;
use crate::instance::{OperatorSession, connections, refused};
use crate::printer::{ListOutput, Printer, columns_of};
use crate::subcommands::simulate::Ending;

/// Moves the cursor to the upper left corner and clears what follows.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

#[derive(Debug, Args)]
pub(super) struct TableFlags {
    /// Only those of this site
    #[arg(long)]
    site: Option<String>,

    /// Only those in this state: Unknown, Healthy, Degraded, Recovering, Stale or Failing
    #[arg(long)]
    state: Option<HealthState>,

    /// At most so many, the worst first, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,

    /// Show it again every so many seconds, until Ctrl-C [default: 2]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: Option<u64>,

    /// Show only these columns, in this order, such as Connection,State,"Last Error"
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',')]
    columns: Vec<String>,

    /// How to write the table
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,
}

pub(super) async fn run(arguments: &TableFlags, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let connections = connections(session)?;
    let caller = session.any_caller().await?;
    let site = match &arguments.site {
        Some(name) => Some(session.site(Some(name)).await?.id),
        None => None,
    };
    let filter = HealthFilter { site, state: arguments.state, limit: Some(arguments.limit) };
    let look = async |caller: &Caller| connections.health(caller, &filter).await.map_err(refused);
    let Some(seconds) = arguments.watch else {
        show(&look(&caller).await?, arguments, session.now(), printer)?;
        return Ok(Exit::Successful);
    };
    let again = async {
        loop {
            let table = look(&caller).await?;
            if printer.is_terminal() {
                printer.bytes(CLEAR)?;
            }
            show(&table, arguments, session.now(), printer)?;
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
    };
    tokio::select! {
        ended = again => ended,
        () = Ending::listen()?.wait() => Ok(Exit::Successful),
    }
}

fn show(table: &HealthTable, arguments: &TableFlags, now: Moment, printer: &mut Printer) -> Result<()> {
    let output = arguments.output;
    let nothing = "No connections that fit and that you may see. `footprint connection add` makes one.";
    match output {
        ListOutput::Table => {
            let fares = |connection: &ConnectionHealth| HealthRow { connection: connection.clone(), now };
            let rows: Vec<_> = table.connections.iter().map(fares).collect();
            printer.list_columns(&rows, output, nothing, &columns_of::<HealthRow>(&arguments.columns)?)?;
            if !rows.is_empty() {
                printer.line(&printer.faint(&summary(table)))?;
            }
        }
        _ => {
            let columns = columns_of::<ConnectionHealth>(&arguments.columns)?;
            printer.list_columns(&table.connections, output, nothing, &columns)?;
        }
    }
    Ok(())
}

/// How many there are of each state, and how many were not shown.
fn summary(table: &HealthTable) -> String {
    let counts = table.states.iter().rev().filter(|(_, count)| **count > 0);
    let counts: Vec<_> = counts.map(|(state, count)| format!("{count} {state}")).collect();
    match table.more() {
        0 => counts.join(" · "),
        more => format!("{} · {more} of them not shown: --limit, --state", counts.join(" · ")),
    }
}
