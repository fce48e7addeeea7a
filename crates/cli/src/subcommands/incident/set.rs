//! `footprint incident set`: gives a field of an incident a value, as Set Incident Field does.

use anyhow::Result;
use clap::Args;
use serde_json::Value;
use soar_connector::RawParameters;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{Form, Printer};
use crate::subcommands::utility::show_answer;

const EXAMPLES: &str = "\
Examples:
  footprint incident set 20210127-198 Severity High
  footprint incident set 20210127-198 Customer.Name \"Acme Corp\"
  footprint incident set 20210127-198 Status Closed

Fields: Title, Description, Incident Type, Severity, Status, Disposition, Conclusion, Owner, Assignee, Site, Due Date
(yyyy-MM-dd HH:mm:ss in UTC), and the incident's dynamic fields by name or as Section.Name.";

/// Give a field of an incident a value
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The field
    field: String,

    /// Its new value
    #[arg(allow_hyphen_values = true)]
    value: String,

    /// The site of the call [default: the incident's]
    #[arg(long)]
    site: Option<String>,

    /// How to write the answer
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = match &arguments.site {
        Some(name) => session.site(Some(name)).await?,
        None => super::task::site_of(&arguments.incident, session).await?,
    };
    let given =
        [("Incident Number", &arguments.incident), ("Field Name", &arguments.field), ("Field Value", &arguments.value)];
    let raw: RawParameters =
        given.into_iter().map(|(name, text)| (name.to_owned(), Value::String(text.clone()))).collect();
    let answer = super::call("SetIncidentField", &raw, site, session).await?;
    show_answer(&answer, arguments.output, printer)
}
