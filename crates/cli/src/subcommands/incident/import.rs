//! `footprint incident import`: reads incidents from a file.

use anyhow::Result;
use clap::Args;
use soar_host::transfer::Subject;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;
use crate::subcommands::transfer::{ImportFlags, import};

const EXAMPLES: &str = "\
Examples:
  footprint incident import incidents.csv
  footprint incident import incidents.ndjson --on-conflict update --errors bad-rows.txt
  footprint incident export --instance old | footprint incident import - --format ndjson

A row needs number and site. It may also have the other fields of an export. Import cases before the incidents that are
linked to them. Bad rows are skipped and shown with their lines. The others are imported.
Exit codes: 0 all rows are imported, 1 some are not, 2 wrong use.";

/// Import incidents from JSON, NDJSON or CSV
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: ImportFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    import(Subject::Incidents, &arguments.flags, session, printer).await
}
