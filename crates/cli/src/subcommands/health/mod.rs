//! `footprint health`: the health of an instance's connections.

mod health_row;
mod history;
mod table;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint health
  footprint health --watch
  footprint health --state Failing --output json
  footprint health history production --limit 20

The hosts that serve the instance check each active connection that has a health check:
`footprint connection change NAME --health-check-minutes 5 --health-check-email soc@example.com`.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    table: table::TableFlags,

    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    History(history::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            None => table::run(&arguments.table, &session, printer).await,
            Some(Action::History(arguments)) => history::run(arguments, &session, printer).await,
        }
    })
}
