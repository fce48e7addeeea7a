//! `footprint site`: the sites of an instance.

mod add;
mod change;
mod list;
mod remove;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::Site;

use super::run::single_threaded_runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint site list
  footprint site add \"Security Operations\" --time-zone America/Vancouver
  footprint site add \"Acme Corp\" --kind client --description \"SOC for Acme\"
  footprint site change \"Acme Corp\" --time-zone Europe/Zurich";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Arguments),
    Show(show::Arguments),
    Add(add::Arguments),
    Change(change::Arguments),
    Remove(remove::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Add(arguments) => add::run(arguments, &session, printer).await,
            Action::Change(arguments) => change::run(arguments, &session, printer).await,
            Action::Remove(arguments) => remove::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for Site {
    const HEADINGS: &[&str] = &["Site", "Kind", "Active", "Time Zone", "Language", "Description"];

    fn cells(&self) -> Vec<String> {
        let Self { name, kind, active, time_zone, language, description, .. } = self.clone();
        vec![name, kind.to_string(), if active { "yes" } else { "no" }.to_owned(), time_zone, language, description]
    }
}

fn show_one(site: &Site, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("Site", site.name.clone()),
        ("Kind", site.kind.to_string()),
        ("Active", site.inactive().map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"))),
        ("Time zone", site.time_zone.clone()),
        ("Language", site.language.clone()),
        ("Description", site.description.clone()),
    ];
    Ok(printer.details(site, form, &labels)?)
}
