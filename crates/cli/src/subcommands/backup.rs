//! `footprint backup`: writes a copy of an instance's store, while hosts use it.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use serde::Serialize;
use soar_host::Refusal;
use soar_host::operations::Tried;
use soar_store::backup::{Backup, back_up};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession, no_backup, refused};
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint backup /backups/footprint-2026-11-27.backup
  footprint backup --instance /srv/footprint nightly.backup --output json

It may run while hosts serve the instance. The backup is of one moment, and is checked before the file gets its name.
It contains no sealing key: keep sealing.key apart from it. On PostgreSQL, pg_dump writes it.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file to write; it must not exist
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,

    #[command(flatten)]
    instance: InstanceFlags,
}

/// A backup and its file.
#[derive(Debug, Serialize)]
struct BackupFile {
    file: String,
    #[serde(flatten)]
    backup: Backup,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        let context = session.context("backup");
        context.must_administer().map_err(refused)?;
        let address = session.settings.store_address(&session.folder)?;
        let file = arguments.file.display().to_string();
        let backup = match back_up(&session.store, &address, &arguments.file).await {
            Ok(value) => {
                let made = Tried { value, about: file.clone(), site: String::new() };
                session.tried(context, Ok(made)).await?
            }
            Err(error) => {
                session.record(context, Some(&Refusal::Unable(error.to_string()))).await?;
                return Err(no_backup(error));
            }
        };
        let made = BackupFile { file, backup };
        match arguments.output {
            OutputFormat::Json => printer.json(&made)?,
            OutputFormat::Table => report(&made, printer)?,
        }
        Ok(Exit::Successful)
    })
}

fn report(made: &BackupFile, printer: &mut Printer) -> Result<()> {
    printer.done(&format!("The backup {} is written and checked: {} bytes.", made.file, made.backup.bytes))?;
    if !made.backup.sealing_keys.is_empty() {
        printer.paragraph(&format!(
            "Its secrets are sealed with the key {}, which it does not contain. Keep a copy of sealing.key (or of \
             FOOTPRINT_SEALING_KEYS) apart from it.",
            made.backup.sealing_keys.join(", ")
        ))?;
    }
    Ok(())
}
