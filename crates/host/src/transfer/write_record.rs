//! Writes incidents and cases as rows of a file.

use serde::Serialize;
use serde_json::Value;
use soar_store::model::{Case, DynamicField, Incident, Link, Moment, Task};
use soar_store::{IncidentRule, TransferredFinding};

use super::nested::{FieldRow, FindingRow, LinkRow, RuleRow, RuleSubject, TaskRow};

/// The fields of a row, each as JSON text.
pub(super) type FieldTexts = Vec<(&'static str, String)>;

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn maybe(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), text)
}

fn moment(at: Option<Moment>) -> String {
    maybe(at.map(|at| at.to_string()).as_deref())
}

fn list<T: Serialize>(rows: Vec<T>) -> String {
    serde_json::to_string(&rows).unwrap_or_default()
}

fn link_rows(links: &[Link]) -> String {
    let rows = links.iter().map(|link| LinkRow {
        number: link.number.clone(),
        linked_at: Some(link.linked_at.to_string()),
        linked_by: Some(link.linked_by.clone()),
    });
    list(rows.collect())
}

fn finding_rows(findings: &[TransferredFinding]) -> String {
    let rows = findings.iter().map(|TransferredFinding { finding, tenant_id }| FindingRow {
        finding_id: finding.finding_id.clone(),
        connection: finding.connection.clone(),
        tenant_id: tenant_id.clone().unwrap_or_default(),
        tenant: finding.tenant.clone(),
        cve: finding.cve.clone(),
        device: finding.device.clone(),
        address: finding.address.clone(),
        first_seen: finding.first_seen.clone(),
        evidence: finding.evidence.clone(),
        status: finding.status,
    });
    list(rows.collect())
}

/// The rule of an incident. The ids in the subject are of this instance, and are left out.
fn rule_row(rule: Option<&IncidentRule>) -> String {
    let row = rule.and_then(|rule| {
        let (kind, rest) = rule.subject.split_once(' ')?;
        let (one_per, cve) = match kind {
            "finding" => (RuleSubject::Finding, None),
            "device" => (RuleSubject::Device, None),
            _ => (RuleSubject::Cve, Some(rest.split_once(' ')?.1.to_owned())),
        };
        serde_json::to_string(&RuleRow { name: rule.name.clone(), one_per, cve }).ok()
    });
    row.unwrap_or_else(|| "null".to_owned())
}

/// What belongs to an incident.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belongings<'b> {
    pub(super) tasks: &'b [Task],
    pub(super) fields: &'b [DynamicField],
    pub(super) cases: &'b [Link],
    pub(super) linked: &'b [Link],
    pub(super) findings: &'b [TransferredFinding],
    pub(super) rule: Option<&'b IncidentRule>,
}

/// The row of an incident.
pub(super) fn write_incident(incident: &Incident, site: &str, its: Belongings<'_>) -> FieldTexts {
    let Belongings { tasks, fields, cases, linked, findings, rule } = its;
    let tasks = tasks.iter().map(|task| TaskRow { name: task.name.clone(), required: task.required, done: task.done });
    let fields = fields.iter().map(|field| FieldRow {
        section: field.section.clone(),
        name: field.name.clone(),
        kind: field.kind,
        required_on_close: field.required_on_close,
        value: field.value.clone(),
    });
    vec![
        ("number", text(&incident.number)),
        ("title", text(&incident.title)),
        ("description", text(&incident.description)),
        ("incidentType", text(&incident.incident_type)),
        ("site", text(site)),
        ("owner", maybe(incident.owner.as_deref())),
        ("assignee", maybe(incident.assignee.as_deref())),
        ("severity", text(incident.severity.as_str())),
        ("status", text(incident.status.as_str())),
        ("disposition", text(&incident.disposition)),
        ("conclusion", text(&incident.conclusion)),
        ("rawData", incident.raw_data.clone().unwrap_or_else(|| "null".to_owned())),
        ("dueAt", moment(incident.due_at)),
        ("creator", text(&incident.creator)),
        ("createdAt", moment(Some(incident.created_at))),
        ("modifiedAt", moment(Some(incident.modified_at))),
        ("closedAt", moment(incident.closed_at)),
        ("closedBy", maybe(incident.closed_by.as_deref())),
        ("tasks", list(tasks.collect())),
        ("fields", list(fields.collect())),
        ("cases", link_rows(cases)),
        ("linkedIncidents", link_rows(linked)),
        ("findings", finding_rows(findings)),
        ("rule", rule_row(rule)),
    ]
}

/// The row of a case.
pub(super) fn write_case(case: &Case, site: &str) -> FieldTexts {
    vec![
        ("number", text(&case.number)),
        ("title", text(&case.title)),
        ("description", text(&case.description)),
        ("caseType", text(&case.case_type)),
        ("site", text(site)),
        ("owner", maybe(case.owner.as_deref())),
        ("priority", text(&case.priority)),
        ("timeZone", text(&case.time_zone)),
        ("status", text(case.status.as_str())),
        ("creator", text(&case.creator)),
        ("reportedAt", moment(case.reported_at)),
        ("createdAt", moment(Some(case.created_at))),
        ("modifiedAt", moment(Some(case.modified_at))),
        ("closedAt", moment(case.closed_at)),
        ("closedBy", maybe(case.closed_by.as_deref())),
    ]
}

/// The columns for a file without rows.
pub(super) const INCIDENT_COLUMNS: &[&str] = &[
    "number",
    "title",
    "description",
    "incidentType",
    "site",
    "owner",
    "assignee",
    "severity",
    "status",
    "disposition",
    "conclusion",
    "rawData",
    "dueAt",
    "creator",
    "createdAt",
    "modifiedAt",
    "closedAt",
    "closedBy",
    "tasks",
    "fields",
    "cases",
    "linkedIncidents",
    "findings",
    "rule",
];

/// The columns for a file without rows.
pub(super) const CASE_COLUMNS: &[&str] = &[
    "number",
    "title",
    "description",
    "caseType",
    "site",
    "owner",
    "priority",
    "timeZone",
    "status",
    "creator",
    "reportedAt",
    "createdAt",
    "modifiedAt",
    "closedAt",
    "closedBy",
];
