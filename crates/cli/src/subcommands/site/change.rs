//! `footprint site change`: changes a site.

use anyhow::Result;
use clap::{ArgAction, Args};
use soar_host::operations::SiteToChange;
use soar_store::model::SiteKind;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint site change \"Acme Corp\" --time-zone Europe/Zurich
  footprint site change \"Acme Corp\" --name \"Acme Inc\" --kind client";

/// Change a site; fields without a flag stay
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    site: String,

    /// Its new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Its kind: internal or client
    #[arg(long)]
    kind: Option<SiteKind>,

    /// Its IANA time zone, in which its dates are shown
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,

    /// Its language as a BCP 47 tag
    #[arg(long, value_name = "TAG")]
    language: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Whether it is active: an inactive site runs no commands, schedules and health checks, and takes no sync
    #[arg(long, value_name = "TRUE/FALSE", action = ArgAction::Set)]
    active: Option<bool>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { name, kind, time_zone, language, description, active, .. } = arguments;
    let change = SiteToChange {
        name: name.clone(),
        kind: *kind,
        time_zone: time_zone.clone(),
        language: language.clone(),
        description: description.clone(),
        active: *active,
    };
    if change == SiteToChange::default() {
        let flags = "--name, --kind, --time-zone, --language, --description or --active";
        return Err(WrongUse(format!("Nothing to change: give {flags}.")).into());
    }
    let context = session.context("site change").about_site(&arguments.site);
    let changed = session.operations().change_site(&context, &arguments.site, change).await;
    let site = session.changed(context, changed).await?;
    super::show_one(&site, arguments.output, printer)?;
    Ok(Exit::Successful)
}
