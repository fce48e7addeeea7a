//! `footprint case export`: writes the cases that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::transfer::Subject;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;
use crate::subcommands::transfer::{ExportFlags, export};

const EXAMPLES: &str = "\
Examples:
  footprint case export > cases.ndjson
  footprint case export cases.csv
  footprint case export --format json | jq length";

/// Export the cases that you may see as JSON, NDJSON or CSV
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: ExportFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    export(Subject::Cases, &arguments.flags, session, printer).await
}
