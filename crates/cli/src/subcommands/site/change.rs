//! `footprint site change`: changes a site.

use anyhow::Result;
use clap::Args;
use soar_store::SiteChange;
use soar_store::model::SiteKind;

use crate::exit::{Exit, WrongUse};
use crate::instance::{Action, Session};
use crate::printer::{Form, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint site change \"Acme Corp\" --time-zone Europe/Zurich
  footprint site change \"Acme Corp\" --name \"Acme Inc\" --kind client";

/// Change a site; what no flag names stays
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    site: String,

    /// A new name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Whose it is: internal or client
    #[arg(long)]
    kind: Option<SiteKind>,

    /// Its IANA time zone, in which its dates are shown
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,

    /// Its language as a BCP 47 tag
    #[arg(long, value_name = "TAG")]
    language: Option<String>,

    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// How to write what it is now
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &Session, printer: &mut Printer) -> Result<Exit> {
    let Arguments { name, kind, time_zone, language, description, .. } = arguments;
    if name.is_none() && kind.is_none() && time_zone.is_none() && language.is_none() && description.is_none() {
        return Err(WrongUse(
            "Nothing to change: give --name, --kind, --time-zone, --language or --description.".to_owned(),
        )
        .into());
    }
    let change = SiteChange {
        name: name.clone(),
        kind: *kind,
        time_zone: time_zone.clone(),
        language: language.clone(),
        description: description.clone(),
    };
    let site = session.site(Some(&arguments.site)).await?.name;
    let action = Action { command: "site change", site: &site, about: "" };
    let changed = session.manage(&action, async |records, now| records.update_site(&site, &change, now).await);
    super::show_one(&changed.await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
