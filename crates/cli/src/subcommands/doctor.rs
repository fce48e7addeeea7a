//! `footprint doctor`: checks an instance.

use anyhow::Result;
use clap::Args;
use soar_host::doctor::{DoctorFinding, Examined, examine};
use soar_host::vault::Vault;
use soar_store::Store;

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{FolderFlag, InstanceFolder, InstanceSettings, registry};
use crate::printer::{ListFlags, ListRow, OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint doctor
  footprint doctor --instance /srv/footprint --output json

It changes nothing, and may run beside a host.
Exit codes: 0 no fault was found, 1 a fault was found, 2 wrong use.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,

    #[command(flatten)]
    instance: FolderFlag,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    let folder = InstanceFolder::of_instance(&arguments.instance.folder)?;
    let settings = InstanceSettings::read(&folder)?;
    let vault = Vault::new(settings.vault.clone());
    let keyring = settings.keyring(&folder).map_err(|error| error.to_string());
    let alerts = settings.resolved_alerts(&folder);
    let settings = settings.resolved(&folder)?;
    let registry = registry()?;
    let found = single_threaded_runtime()?.block_on(async {
        let store = match Store::open_read_only(settings.store.expose()).await {
            Ok(store) => store,
            Err(error) => return vec![DoctorFinding::unopened(&settings.store.to_string(), &error)],
        };
        let instance = Examined { store, settings, alerts, keyring, vault, registry };
        let found = examine(&instance).await;
        instance.store.close().await;
        found
    });
    match arguments.output {
        OutputFormat::Json => printer.json(&found)?,
        OutputFormat::Table if found.is_empty() => printer.done("No fault was found.")?,
        OutputFormat::Table => printer.list(&found, &ListFlags::TABLE, "")?,
    }
    Ok(if found.is_empty() { Exit::Successful } else { Exit::Failed })
}

impl ListRow for DoctorFinding {
    const HEADINGS: &[&str] = &["Check", "Where", "Problem", "Cure"];

    fn cells(&self) -> Vec<String> {
        vec![self.check.to_owned(), self.place.clone(), self.problem.clone(), self.cure.clone()]
    }
}
