//! Exports to a file or standard output.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use soar_host::transfer::{Format, Subject};

use super::bar::TransferBar;
use super::import::format_of;
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{Printer, counted};

// The file and the format of an export.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct ExportFlags {
    /// The file [default: standard output]
    #[arg(value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// The format: json, ndjson or csv [default: by the name of the file, else ndjson]
    #[arg(long)]
    format: Option<Format>,

    /// Replace an existing file
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
    let mut out = open(flags, format, printer)?;
    // A bar between the lines of the export would spoil both.
    let bar = (!printer.is_terminal() || flags.file.is_some()).then(|| TransferBar::start(None, printer));
    let mut progress = |progress| {
        if let Some(bar) = &bar {
            bar.tell(progress);
        }
    };
    let (command, thing) = match subject {
        Subject::Incidents => ("incident export", "incident"),
        Subject::Cases => ("case export", "case"),
    };
    let context = session.context(command);
    let ended = session.operations().export_to(&context, subject, format, &mut *out, &mut progress).await;
    if let Some(bar) = bar {
        bar.end();
    }
    if let (Err(_), Some(file)) = (&ended, &flags.file) {
        // A partial export looks like a complete one.
        let _ = fs::remove_file(file);
    }
    let exported = counted(session.tried(context, ended).await?, thing);
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
    // Only the file's owner may read the incidents.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let shown = path.display();
    let file = options.open(path).map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            return anyhow::Error::from(WrongUse(format!("The file {shown} exists already. --force replaces it.")));
        }
        anyhow::Error::from(error).context(format!("The file {shown} cannot be written"))
    })?;
    Ok(Box::new(BufWriter::with_capacity(256 * 1024, file)))
}
