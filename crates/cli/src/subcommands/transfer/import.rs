//! Imports from a file or standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueHint};
use soar_host::transfer::{BadRow, Format, ImportOptions, ImportReport, OnConflict, Subject};

use super::bar::TransferBar;
use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// The number of bad rows that are shown. A file takes all of them.
const MOST_SHOWN: usize = 20;

// The file of an import, and the rule for its rows.
#[derive(Debug, Args)]
pub(in crate::subcommands) struct ImportFlags {
    /// The file, or - for standard input
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The format: json, ndjson or csv [default: by the name of the file]
    #[arg(long)]
    format: Option<Format>,

    /// The rule for a row whose number is taken: fail, skip or update
    #[arg(long, default_value_t = OnConflict::Fail)]
    on_conflict: OnConflict,

    /// Write the bad rows' lines and problems to this file instead of standard error
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    errors: Option<PathBuf>,
}

pub(in crate::subcommands) async fn import(
    subject: Subject,
    flags: &ImportFlags,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let from_input = flags.file.as_os_str() == "-";
    let format = match flags.format {
        Some(format) => format,
        None => format_of(&flags.file)?,
    };
    let shown = flags.file.display().to_string();
    let (reader, bytes): (Box<dyn BufRead + Send>, Option<u64>) = if from_input {
        (Box::new(BufReader::new(io::stdin())), None)
    } else {
        let unreadable = |error: io::Error| WrongUse(format!("The file {shown} cannot be read: {error}."));
        let file = File::open(&flags.file).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(WrongUse(format!("{shown} is a folder. Name a file.")).into());
        }
        (Box::new(BufReader::with_capacity(256 * 1024, file)), metadata.is_file().then_some(metadata.len()))
    };
    // The file is opened before the import, so that a file that cannot be written stops it.
    let errors = flags.errors.as_ref().map(|path| create(path)).transpose()?;
    let options = ImportOptions { subject, format, on_conflict: flags.on_conflict };
    let context = session.context(match subject {
        Subject::Incidents => "incident import",
        Subject::Cases => "case import",
    });
    let bar = TransferBar::start(bytes, printer);
    let mut progress = |progress| bar.tell(progress);
    let ended = session.operations().import_from(&context, options, reader, &mut progress).await;
    bar.end();
    let report = session.tried(context, ended).await?;
    tell(&report, subject, errors, flags, printer)
}

fn tell(
    report: &ImportReport,
    subject: Subject,
    errors: Option<BufWriter<File>>,
    flags: &ImportFlags,
    printer: &mut Printer,
) -> Result<Exit> {
    let problems: Vec<&BadRow> = report.bad_rows.iter().chain(&report.missing_links).collect();
    match errors {
        Some(mut file) => {
            let written = problems.iter().try_for_each(|row| writeln!(file, "{row}")).and_then(|()| file.flush());
            written.with_context(|| match &flags.errors {
                Some(path) => format!("The file {} cannot be written", path.display()),
                None => "The problems cannot be written".to_owned(),
            })?;
        }
        None => {
            for row in problems.iter().take(MOST_SHOWN) {
                printer.error(&row.to_string());
            }
            if problems.len() > MOST_SHOWN {
                printer.note(&format!(
                    "… and {} more: --errors FILE writes all of them to a file.",
                    problems.len() - MOST_SHOWN
                ));
            }
        }
    }
    let text = format!("{} imported: {}", capitalised(subject.as_str()), report);
    if report.failed == 0 && (report.added > 0 || report.updated > 0) {
        printer.done(&format!("{text}."))?;
    } else {
        printer.line(&format!("{} {text}.", printer.red("✘")))?;
        if let Some(path) = &flags.errors {
            printer.note(&format!("Their problems: {}", path.display()));
        }
        if report.failed > 0 {
            printer.note("Correct these rows and import the file again with --on-conflict skip.");
        }
    }
    let added_nothing = report.added == 0 && report.updated == 0;
    if report.failed == 0 && added_nothing {
        printer.error("Nothing was imported: the file contains nothing new.");
    }
    Ok(if report.failed == 0 && !added_nothing { Exit::Successful } else { Exit::Failed })
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// The format for a file's name.
pub(super) fn format_of(file: &Path) -> Result<Format, WrongUse> {
    let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "json" => Ok(Format::Json),
        "ndjson" | "jsonl" => Ok(Format::Ndjson),
        "csv" => Ok(Format::Csv),
        _ => Err(WrongUse(format!(
            "The name {} does not show the format. Give it with --format: json, ndjson or csv.",
            file.display()
        ))),
    }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = fs::File::create(path);
    Ok(BufWriter::new(file.with_context(|| format!("The file {} cannot be written", path.display()))?))
}
