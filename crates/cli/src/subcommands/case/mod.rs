//! `footprint case`: cases at the terminal.

mod export;
mod import;
mod list;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint case list --status Open
  footprint case show 20210330-16
  footprint case import cases.csv
  footprint case export > cases.ndjson

`footprint utility link-incidents-to-new-case` creates a case.";

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
    Import(import::Arguments),
    Export(export::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Import(arguments) => import::run(arguments, &session, printer).await,
            Action::Export(arguments) => export::run(arguments, &session, printer).await,
        }
    })
}
