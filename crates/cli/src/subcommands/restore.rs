//! `footprint restore`: replaces an instance's store by a backup.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueHint};
use soar_connector::{Clock, ExecutionContext, SystemClock};
use soar_store::backup::{Restored, restore};
use soar_store::model::{AuditEntry, Moment, Surface};

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{FolderFlag, InstanceFolder, InstanceSettings, no_backup};
use crate::printer::{OutputFormat, Printer, counted};

const EXAMPLES: &str = "\
Examples:
  footprint restore /backups/footprint-2026-11-27.backup

No process may have the store open: stop all hosts first. The backup is checked and upgraded before it takes the store's
place. A backup of a later version is refused. On PostgreSQL, pg_restore restores it in one transaction.
Work that was due or under way when the backup was made may have been done since. So commands of schedules that change
something do not run again, alerts are not sent again, and the skipped work is shown.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A backup that `footprint backup` wrote
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,

    #[command(flatten)]
    instance: FolderFlag,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let folder = InstanceFolder::of_instance(&arguments.instance.folder)?;
    let settings = InstanceSettings::read(&folder)?;
    let address = settings.store_address(&folder)?;
    let now = Moment::from(SystemClock::new().now());
    let entry = AuditEntry {
        username: settings.operator.clone(),
        command: "restore".to_owned(),
        reason: AuditEntry::kept(&arguments.file.display().to_string()),
        ..AuditEntry::new(now, Surface::Terminal, ExecutionContext::new().request_id)
    };
    let restored = single_threaded_runtime()?.block_on(restore(&address, &arguments.file, &entry));
    let restored = restored.map_err(no_backup)?;
    match arguments.output {
        OutputFormat::Json => printer.json(&restored)?,
        OutputFormat::Table => report(arguments, &restored, printer)?,
    }
    warn_of_keys(&restored, &settings, &folder, printer);
    Ok(Exit::Successful)
}

fn report(arguments: &Arguments, restored: &Restored, printer: &mut Printer) -> Result<()> {
    printer.done(&format!("The store is restored from {}.", arguments.file.display()))?;
    if let Some(replaced) = &restored.replaced {
        printer.paragraph(&format!("The old store is kept as {replaced}. Delete it once it is not needed."))?;
    }
    let epoch = &restored.epoch;
    let skipped = [
        (epoch.schedules_skipped as u64, "scheduled run", "was due and does not run again; its log says Interrupted"),
        (epoch.alerts_skipped as u64, "alert", "was not delivered and is not sent; the audit log has it"),
        (epoch.runs_interrupted, "command", "was under way; its run says Interrupted"),
        (epoch.syncs_interrupted, "sync", "was under way; its run says Interrupted"),
    ];
    for (count, thing, became) in skipped.into_iter().filter(|(count, ..)| *count > 0) {
        printer.paragraph(&format!("{}: {became}.", counted(count, thing)))?;
    }
    Ok(())
}

/// Warns of sealing keys that the restored store needs and this instance does not have.
fn warn_of_keys(restored: &Restored, settings: &InstanceSettings, folder: &InstanceFolder, printer: &mut Printer) {
    let has: Vec<String> = match settings.keyring(folder) {
        Ok(keyring) => keyring.ids().iter().map(ToString::to_string).collect(),
        Err(error) => {
            printer.warning(&format!("{error:#}"));
            Vec::new()
        }
    };
    let missing: Vec<_> = restored.sealing_keys.iter().filter(|key| !has.contains(key)).map(String::as_str).collect();
    if !missing.is_empty() {
        printer.warning(&format!(
            "The restored secrets are sealed with the key {}, which this instance does not have. Put the copy of \
             sealing.key that belongs to the backup into {}.",
            missing.join(", "),
            folder.path().display()
        ));
    }
}
