//! `footprint incident set`: sets a field of an incident.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_host::operations::IncidentToChange;

use crate::exit::{Exit, WrongUse};
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};
use crate::shell;
use soar_store::model::Version;

const EXAMPLES: &str = "\
Examples:
  footprint incident set 20210127-198 Severity High
  footprint incident set 20210127-198 Customer.Name \"Acme Corp\"
  footprint incident set 20210127-198 Status Closed

Fields: Title, Description, Incident Type, Severity, Status, Disposition, Conclusion, Owner, Assignee, Site, Due Date
(yyyy-MM-dd HH:mm:ss in UTC), and the incident's dynamic fields by name or as Section.Name.";

/// Set a field of an incident
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The field
    #[arg(allow_hyphen_values = true)]
    field: String,

    /// Its new value
    #[arg(allow_hyphen_values = true)]
    value: String,

    /// Refuse the change unless the incident is at this version, as `footprint incident show --output json` shows it
    #[arg(long, value_name = "NUMBER")]
    version: Option<Version>,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { incident, field, value, version, .. } = arguments;
    if let Some(name) = field.strip_prefix("--") {
        let line = [incident.as_str(), name, value.as_str()].map(shell::quoted).join(" ");
        return Err(WrongUse(format!("A field has no dashes before its name: `footprint incident set {line}`.")).into());
    }
    let fields = BTreeMap::from([(field.clone(), value.clone())]);
    let change = IncidentToChange { version: *version, fields, ..IncidentToChange::default() };
    let context = session.context("incident set");
    let changed = session.operations().change_incident(&context, incident, change).await;
    let changed = session.changed(context, changed).await?;
    match arguments.output {
        OutputFormat::Json => printer.json(&changed)?,
        OutputFormat::Table => printer.done(&format!("The field {} of {incident} is set.", quoted(field)))?,
    }
    Ok(Exit::Successful)
}
