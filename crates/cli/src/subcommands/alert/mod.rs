//! `footprint alert`: alerts about connections and schedules that are to be delivered by mail and webhook.

mod waiting;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint alert waiting
  footprint alert waiting --columns Destination,\"Last Error\"

The hosts that serve the instance send the alerts: footprint serve.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Waiting(waiting::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::Waiting(arguments) => waiting::run(arguments, &session, printer).await,
        }
    })
}
