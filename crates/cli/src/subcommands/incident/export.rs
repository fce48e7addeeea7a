//! `footprint incident export`: writes the incidents that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::transfer::Subject;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;
use crate::subcommands::transfer::{ExportFlags, export};

const EXAMPLES: &str = "\
Examples:
  footprint incident export > incidents.ndjson
  footprint incident export incidents.csv
  footprint incident export --format json | jq length";

/// Export the incidents that you may see as JSON, NDJSON or CSV
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: ExportFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    export(Subject::Incidents, &arguments.flags, session, printer).await
}
