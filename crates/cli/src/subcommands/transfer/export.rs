//! Exports to a file or standard output.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, ValueHint};
use soar_host::transfer::{self, Format, Subject};

use super::bar::Bar;
use super::import::{explained, format_of};
use crate::exit::{Exit, WrongUse};
use crate::instance::{Action, OperatorSession};
use crate::printer::{Printer, counted};

/// What an export writes and how.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct ExportFlags {
    /// The file [default: standard output]
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// How to write it: json, ndjson or csv [default: as the file's name ends, else ndjson]
    #[arg(long)]
    format: Option<Format>,

    /// Replace a file that is there
    #[arg(long, requires = "file")]
    force: bool,
}

pub(in crate::subcommands) async fn export(
    subject: Subject,
    flags: &ExportFlags,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let format = match (flags.format, &flags.file) {
        (Some(format), _) => format,
        (None, Some(file)) => format_of(file)?,
        (None, None) => Format::Ndjson,
    };
    let caller = session.any_caller().await?;
    let mut out = open(flags, format, printer)?;
    // A bar between the lines of what is written would spoil both.
    let bar = (!printer.is_terminal() || flags.file.is_some()).then(|| Bar::start(None, printer));
    let mut progress = |progress| {
        if let Some(bar) = &bar {
            bar.tell(progress);
        }
    };
    let ended = transfer::export(&session.store, &caller, subject, format, &mut *out, &mut progress).await;
    let ended = ended.map_err(explained).and_then(|rows| {
        out.flush().context("The export could not be written to its end")?;
        Ok(rows)
    });
    if let Some(bar) = bar {
        bar.end();
    }
    let command = match subject {
        Subject::Incidents => "incident export",
        Subject::Cases => "case export",
    };
    let problem = ended.as_ref().err().map(|error| format!("{error:#}"));
    let thing = match subject {
        Subject::Incidents => "incident",
        Subject::Cases => "case",
    };
    let about = ended.as_ref().map(|rows| counted(*rows, thing)).unwrap_or_default();
    session.note(&Action { command, site: "", about: &about }, problem.as_deref()).await?;
    if let (Err(_), Some(file)) = (&ended, &flags.file) {
        // Half an export looks like a whole one.
        let _ = fs::remove_file(file);
    }
    let exported = counted(ended?, thing);
    match &flags.file {
        Some(file) => printer.done(&format!("{exported} exported to {}.", file.display()))?,
        None => printer.note(&format!("{exported} exported.")),
    }
    Ok(Exit::Successful)
}

fn open(flags: &ExportFlags, format: Format, printer: &Printer) -> Result<Box<dyn Write + Send>> {
    let Some(path) = &flags.file else { return Ok(printer.stream(format != Format::Csv)) };
    let mut options = OpenOptions::new();
    options.write(true).create_new(!flags.force).create(flags.force).truncate(flags.force);
    // Incidents are not everybody's.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let shown = path.display();
    let file = options.open(path).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return anyhow::Error::from(WrongUse(format!("The file {shown} is there already. --force replaces it.")));
        }
        anyhow::Error::from(error).context(format!("The file {shown} cannot be written"))
    })?;
    Ok(Box::new(BufWriter::with_capacity(256 * 1024, file)))
}
