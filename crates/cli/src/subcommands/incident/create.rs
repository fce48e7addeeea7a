//! `footprint incident create`: makes an incident, as Create An Incident does.

use anyhow::Result;
use clap::Args;
use serde_json::Value;
use soar_connector::RawParameters;
use soar_store::model::Severity;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{Form, Printer};
use crate::subcommands::utility::show_answer;

const EXAMPLES: &str = "\
Examples:
  footprint incident create --type Phishing --title \"Phishing mail to finance\" --severity High
  footprint incident create --type Alert --raw-data '{\"source\": \"sensor\"}'";

/// Make an incident
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its site [default: the only one there is]
    #[arg(long)]
    site: Option<String>,

    /// Its type, such as Phishing
    #[arg(long = "type", value_name = "TYPE")]
    incident_type: String,

    /// Its title, of at most 100 characters
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// What happened
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Critical, High, Medium, Low or Informational
    #[arg(long)]
    severity: Option<Severity>,

    /// The user who answers for it
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// When it ought to be closed, as yyyy-MM-dd HH:mm:ss in UTC
    #[arg(long, value_name = "TIME")]
    due: Option<String>,

    /// What it was made from, as JSON
    #[arg(long, value_name = "JSON")]
    raw_data: Option<String>,

    /// How to write what was made
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?;
    let given = [
        ("IncidentType", Some(arguments.incident_type.clone())),
        ("Title", arguments.title.clone()),
        ("Description", arguments.description.clone()),
        ("Severity", arguments.severity.map(|severity| severity.to_string())),
        ("Owner", arguments.owner.clone()),
        ("DueDate", arguments.due.clone()),
        ("RawData", arguments.raw_data.clone()),
    ];
    let given = given.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    let raw: RawParameters = given.collect();
    let answer = super::call("CreateAnIncident", &raw, site, session).await?;
    show_answer(&answer, arguments.output, printer)
}
