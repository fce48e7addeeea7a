//! `footprint incident create`: creates an incident.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use soar_connector::name::quoted;
use soar_host::operations::IncidentToMake;
use soar_host::utility::parse_date_time;
use soar_store::model::Severity;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

const EXAMPLES: &str = "\
Examples:
  footprint incident create --type Phishing --title \"Phishing mail to finance\" --severity High
  footprint incident create --type Alert --raw-data '{\"source\": \"sensor\"}'";

/// Create an incident
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Its site [default: the only site]
    #[arg(long)]
    site: Option<String>,

    /// Its type, such as Phishing
    #[arg(long = "type", value_name = "TYPE")]
    incident_type: String,

    /// Its title, of at most 100 characters
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Its description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Its severity: Critical, High, Medium, Low or Informational
    #[arg(long)]
    severity: Option<Severity>,

    /// Its owner
    #[arg(long, value_name = "USER")]
    owner: Option<String>,

    /// When it is due to be closed, as yyyy-MM-dd HH:mm:ss in UTC
    #[arg(long, value_name = "TIME")]
    due: Option<String>,

    /// The data that it is created from, as JSON
    #[arg(long, value_name = "JSON")]
    raw_data: Option<String>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site(arguments.site.as_deref()).await?.name;
    let context = session.context("incident create").about_site(&site);
    let made = session.operations().create_incident(&context, arguments.incident(site).map_err(WrongUse)?).await;
    let made = session.changed(context, made).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&made)?,
        OutputFormat::Table => printer.done(&format!("The incident {} was created.", quoted(&made.incident.number)))?,
    }
    Ok(Exit::Successful)
}

impl Arguments {
    fn incident(&self, site: String) -> Result<IncidentToMake, String> {
        let due = self.due.as_deref().map(|text| parse_date_time(text, &TimeZone::UTC)).transpose();
        let raw_data = self.raw_data.as_deref().map(serde_json::from_str).transpose();
        Ok(IncidentToMake {
            site,
            incident_type: self.incident_type.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            severity: self.severity,
            owner: self.owner.clone(),
            due_at: due.map_err(|problem| format!("--due: {problem}."))?,
            raw_data: raw_data.map_err(|problem| format!("--raw-data: expected JSON: {problem}."))?,
        })
    }
}
