//! `footprint incident show`: shows an incident.

use anyhow::Result;
use clap::Args;
use soar_host::views::WholeIncident;
use soar_store::model::{DynamicField, IncidentFinding, Link, Task};

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// The most findings that are shown.
const MOST_FINDINGS: usize = 50;

/// Show an incident with its tasks, fields, links and findings
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    incident: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let whole = session.operations().incident(&session.context("incident show"), &arguments.incident).await;
    let whole = whole.map_err(not_done)?;
    printer.details(&whole, arguments.output, &labels(&whole))?;
    Ok(Exit::Successful)
}

fn labels(whole: &WholeIncident) -> Vec<(&'static str, String)> {
    let incident = &whole.incident;
    let lines = |links: &[Link]| links.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let tasks: Vec<_> = whole.tasks.iter().map(task).collect();
    let fields: Vec<_> = whole.fields.iter().map(field).collect();
    let closed = incident.closed_at.map(|at| {
        let by = incident.closed_by.as_deref().unwrap_or_default();
        format!("{} by {by}", moment(at))
    });
    let mut labels = vec![
        ("Incident", incident.number.clone()),
        ("Title", incident.title.clone()),
        ("Status", incident.status.to_string()),
        ("Severity", incident.severity.to_string()),
        ("Type", incident.incident_type.clone()),
        ("Site", incident.site.clone()),
        ("Owner", incident.owner.clone().unwrap_or_default()),
        ("Assignee", incident.assignee.clone().unwrap_or_default()),
        ("Created", format!("{} by {}", moment(incident.created_at), whole.creator)),
        ("Modified", moment(incident.modified_at)),
        ("Due", moment_if_any(incident.due_at)),
        ("Closed", closed.unwrap_or_default()),
        ("Disposition", whole.disposition.clone()),
        ("Description", whole.description.clone()),
        ("Conclusion", whole.conclusion.clone()),
        ("Tasks", tasks.join("\n")),
        ("Fields", fields.join("\n")),
        ("Cases", lines(&whole.cases)),
        ("Linked incidents", lines(&whole.linked_incidents)),
    ];
    if whole.finding_count > 0 {
        labels.push(("Findings", findings(whole)));
    }
    if whole.raw_data.is_some() {
        labels.push(("Raw data", "(--output json shows it)".to_owned()));
    }
    labels
}

/// The findings that the incident is about, a line each.
fn findings(whole: &WholeIncident) -> String {
    let mut lines: Vec<_> = whole.findings.iter().take(MOST_FINDINGS).map(finding).collect();
    let more = usize::try_from(whole.finding_count).unwrap_or_default().saturating_sub(lines.len());
    if more > 0 {
        lines.push(format!("… and {more} more (--output json has up to 1,000)"));
    }
    lines.join("\n")
}

fn finding(finding: &IncidentFinding) -> String {
    format!(
        "{} on {}, {}, first seen {}, {}: {} ({})",
        finding.cve,
        finding.device,
        finding.tenant,
        finding.first_seen,
        finding.status,
        finding.evidence,
        finding.finding_id
    )
}

fn task(task: &Task) -> String {
    let mark = if task.done { "✔" } else { "☐" };
    let required = if task.required { " (Required)" } else { "" };
    format!("{mark} {}{required}", task.name)
}

fn field(field: &DynamicField) -> String {
    let name = if field.section.is_empty() { field.name.clone() } else { format!("{}.{}", field.section, field.name) };
    let required = if field.required_on_close { " (Required on Close)" } else { "" };
    format!("{name}{required}: {}", field.value.as_deref().unwrap_or("-"))
}
