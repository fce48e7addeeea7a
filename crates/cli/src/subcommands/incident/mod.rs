//! `footprint incident`: incidents at the terminal.

mod create;
mod export;
mod import;
mod link;
mod list;
mod set;
mod show;
mod task;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint incident list --status Open --severity Critical
  footprint incident show 20210127-198
  footprint incident create --type Phishing --title \"Phishing mail to finance\"
  footprint incident set 20210127-198 Severity High
  footprint incident link 20210127-198 20210127-197
  footprint incident import incidents.csv
  footprint incident export > incidents.ndjson

`footprint utility` has the commands that act on many incidents at once.";

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
    List(list::Arguments),
    Show(show::Arguments),
    Create(create::Arguments),
    Set(set::Arguments),
    Task(task::Arguments),
    Link(link::Arguments),
    Import(import::Arguments),
    Export(export::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Create(arguments) => create::run(arguments, &session, printer).await,
            Action::Set(arguments) => set::run(arguments, &session, printer).await,
            Action::Task(arguments) => task::run(arguments, &session, printer).await,
            Action::Link(arguments) => link::run(arguments, &session, printer).await,
            Action::Import(arguments) => import::run(arguments, &session, printer).await,
            Action::Export(arguments) => export::run(arguments, &session, printer).await,
        }
    })
}
