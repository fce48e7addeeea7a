//! `footprint site add`: creates a site.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::SiteToMake;
use soar_store::model::SiteKind;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint site add \"Security Operations\" --time-zone America/Vancouver
  footprint site add \"Acme Corp\" --kind client --description \"SOC for Acme\"";

/// Create a site
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its name
    name: String,

    /// Its kind: internal or client
    #[arg(long, default_value_t = SiteKind::Internal)]
    kind: SiteKind,

    /// Its IANA time zone, in which its dates are shown
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,

    /// Its language as a BCP 47 tag
    #[arg(long, value_name = "TAG", default_value = "en")]
    language: String,

    /// Its description
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = SiteToMake {
        name: arguments.name.clone(),
        kind: arguments.kind,
        description: arguments.description.clone(),
        time_zone: arguments.time_zone.clone(),
        language: arguments.language.clone(),
    };
    let context = session.context("site add").about_site(&site.name);
    let made = session.operations().create_site(&context, site).await;
    let site = session.changed(context, made).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&site)?,
        OutputFormat::Table => printer.done(&format!("The site {} was created.", quoted(&site.name)))?,
    }
    Ok(Exit::Successful)
}
