//! `footprint findings changes`: the log of changes, to standard output or to files in a folder.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueHint};
use soar_host::findings::formats::{ChangeShown, FindingFormat, render};
use soar_host::operations::{ChangesSince, OperationError};
use soar_store::model::FindingSequence;

use super::folder::ExportFolder;
use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, not_done};
use crate::printer::Printer;
use crate::shell::quoted;
use crate::subcommands::simulate::StopSignals;

const EXAMPLES: &str = "\
Examples:
  footprint findings changes --after 0
  footprint findings changes --after 1042 --follow --format ecs
  footprint findings changes --follow --format ocsf --folder /var/spool/findings

Each change has a number. A consumer goes on with --after and the number of its last change, and reads each change once.
In a folder each batch is a file that is renamed when it is whole. A second call without --after goes on after the last
file.";

/// Changes of one batch.
const BATCH_SIZE: i64 = 1_000;

/// How long one look waits for changes.
const WAIT: Duration = Duration::from_secs(20);

/// Write the changes of findings, one per line, in the order of their numbers
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only changes after this number [default: the last one in the folder, else 0: from the first one that is left]
    #[arg(long, value_name = "NUMBER")]
    after: Option<FindingSequence>,

    /// Wait for further changes until Ctrl-C
    #[arg(long, short)]
    follow: bool,

    /// The format: ndjson, ocsf, ecs, csv, or with --folder json, an array per file
    #[arg(long, default_value = "ndjson")]
    format: FindingFormat,

    /// Write a file per batch into this folder, in place of standard output
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    folder: Option<PathBuf>,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    if arguments.format == FindingFormat::Json && arguments.folder.is_none() {
        let why = "--format json is one array per file, for --folder. Use ndjson for standard output.";
        return Err(WrongUse(why.to_owned()).into());
    }
    let operations = session.connected_operations()?;
    let folder = arguments.folder.as_deref().map(|path| ExportFolder::open(path, arguments.format)).transpose()?;
    let mut after = match &folder {
        Some(folder) => arguments.after.or_else(|| folder.last()),
        None => arguments.after,
    };
    let ending = StopSignals::listen()?;
    let mut ending = std::pin::pin!(ending.wait());
    let mut with_head = true;
    loop {
        let wait = if arguments.follow { WAIT } else { Duration::ZERO };
        let context = session.context("findings changes");
        let wanted = ChangesSince { after, limit: BATCH_SIZE, wait };
        let page = tokio::select! {
            page = operations.finding_changes(&context, wanted) => {
                page.map_err(|error| with_command(error, arguments))?
            }
            () = &mut ending => return Ok(Exit::Successful),
        };
        let first = page.changes.first().map(ChangeShown::sequence);
        if let Some(first) = first {
            match &folder {
                Some(folder) => folder.write(first, page.through, &render(arguments.format, &page.changes, true)?)?,
                None => printer.bytes(&render(arguments.format, &page.changes, with_head)?)?,
            }
            with_head = false;
        } else {
            if let Some(folder) = folder.as_ref().filter(|_| after != Some(page.through)) {
                folder.reached(page.through)?;
            }
            if !arguments.follow {
                return Ok(Exit::Successful);
            }
        }
        after = Some(page.through);
    }
}

/// The error, with the command that goes on where the log cannot go on from the consumer's number.
fn with_command(error: OperationError, arguments: &Arguments) -> anyhow::Error {
    match error {
        OperationError::NotInLog { why, go_on_from } => {
            let follow = if arguments.follow { " --follow" } else { "" };
            let folder = arguments.folder.as_ref().map(|path| format!(" --folder {}", quoted(&path.to_string_lossy())));
            anyhow::anyhow!(
                "{why} Go on from {go_on_from}:\nfootprint findings changes --after {go_on_from}{follow} --format {}{}",
                arguments.format,
                folder.unwrap_or_default()
            )
        }
        error => not_done(error),
    }
}
