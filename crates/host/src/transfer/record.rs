//! Incidents and cases as rows of a file: which fields they have, and what may stand in them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use soar_connector::name::quoted;

use super::fields::{Fields, shown_time, time};
use super::source::RawRow;
use crate::model::{Case, DynamicField, FieldKind, Incident, LONGEST_TITLE, Link, Severity, Status, Task};
use crate::store::{NewCase, NewIncident};

/// The longest number, in characters.
const LONGEST_NUMBER: usize = 100;

/// The longest name of a task or a field with its section, in bytes.
const LONGEST_NAME: usize = 1000;

/// One field of a row that is written, as JSON text.
pub(super) type Written = Vec<(&'static str, String)>;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskRow {
    name: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    done: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FieldRow {
    #[serde(default)]
    section: String,
    name: String,
    #[serde(default = "activity")]
    kind: FieldKind,
    #[serde(default)]
    required_on_close: bool,
    #[serde(default)]
    value: Option<String>,
}

fn activity() -> FieldKind {
    FieldKind::Activity
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct LinkRow {
    number: String,
    #[serde(default)]
    linked_at: Option<String>,
    #[serde(default)]
    linked_by: Option<String>,
}

/// A link that a row asks for; time and user are the import's where the row does not say.
#[derive(Debug, Clone)]
pub(super) struct WantedLink {
    pub(super) number: String,
    pub(super) at: i64,
    pub(super) by: String,
}

/// An incident of a file. Its site is yet to be found.
#[derive(Debug)]
pub(super) struct IncidentRow {
    pub(super) site: String,
    pub(super) incident: NewIncident,
    pub(super) tasks: Vec<Task>,
    pub(super) fields: Vec<DynamicField>,
    pub(super) cases: Vec<WantedLink>,
    pub(super) linked: Vec<WantedLink>,
}

/// A case of a file. Its site is yet to be found.
#[derive(Debug)]
pub(super) struct CaseRow {
    pub(super) site: String,
    pub(super) case: NewCase,
}

/// The import's user and time, which stand in for what rows leave out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Importer<'a> {
    pub(super) user: &'a str,
    pub(super) now: i64,
}

type Problems = Vec<(String, String)>;

fn closing(fields: &mut Fields, importer: Importer<'_>, modified_at: i64) -> Option<(i64, String)> {
    let status = fields.choice("status", Status::Open);
    let (at, by) = (fields.time("closedAt"), fields.text("closedBy"));
    if status == Status::Open {
        if at.is_some() || by.is_some() {
            fields.problem("closedAt", "expected nothing, nor a closedBy, since the status is Open");
        }
        return None;
    }
    Some((at.unwrap_or(modified_at), by.unwrap_or_else(|| importer.user.to_owned())))
}

fn links(fields: &mut Fields, name: &'static str, importer: Importer<'_>) -> Vec<WantedLink> {
    let rows: Vec<LinkRow> = fields.list(name);
    let mut wanted = Vec::with_capacity(rows.len());
    for row in rows {
        let at = match row.linked_at.as_deref().map(|text| time(text).ok_or(text)) {
            Some(Err(text)) => {
                fields.problem(
                    name,
                    format!("linkedAt: expected a time such as 2021-01-27T14:08:00Z, found {}", quoted(text)),
                );
                continue;
            }
            Some(Ok(at)) => at,
            None => importer.now,
        };
        wanted.push(WantedLink {
            number: row.number,
            at,
            by: row.linked_by.unwrap_or_else(|| importer.user.to_owned()),
        });
    }
    wanted
}

fn unique(fields: &mut Fields, name: &'static str, mut names: Vec<(&str, &str)>) {
    if names.iter().any(|(_, name)| name.is_empty()) {
        fields.problem(name, "expected a name for each, found an empty one");
    }
    if names.iter().any(|(section, name)| section.len() + name.len() > LONGEST_NAME) {
        fields.problem(name, format!("expected names of at most {LONGEST_NAME} bytes"));
    }
    names.sort_unstable();
    if let Some([(_, twice), _]) =
        names.windows(2).find(|pair| pair[0] == pair[1]).and_then(|pair| pair.first_chunk::<2>())
    {
        fields.problem(name, format!("expected each name once, found {} twice", quoted(twice)));
    }
}

impl IncidentRow {
    pub(super) fn read(row: RawRow, importer: Importer<'_>) -> Result<Self, Problems> {
        let mut fields = Fields::new(row);
        let number = fields.required("number");
        if number.chars().count() > LONGEST_NUMBER {
            fields.problem("number", format!("expected at most {LONGEST_NUMBER} characters"));
        }
        let site = fields.required("site");
        let created_at = fields.time("createdAt").unwrap_or(importer.now);
        let modified_at = fields.time("modifiedAt").unwrap_or(created_at);
        let closed = closing(&mut fields, importer, modified_at);
        let incident = NewIncident {
            title: fields.short("title", LONGEST_TITLE),
            description: fields.text("description").unwrap_or_default(),
            incident_type: fields.text("incidentType").unwrap_or_default(),
            owner: fields.text("owner"),
            assignee: fields.text("assignee"),
            severity: fields.choice("severity", Severity::Low),
            disposition: fields.text("disposition").unwrap_or_default(),
            conclusion: fields.text("conclusion").unwrap_or_default(),
            // Line breaks outside of texts, which is all there can be, would break lines of NDJSON.
            raw_data: fields.raw("rawData").map(|text| text.replace(['\n', '\r'], " ")),
            due_at: fields.time("dueAt"),
            creator: fields.text("creator").unwrap_or_else(|| importer.user.to_owned()),
            created_at,
            modified_at,
            closed,
            ..NewIncident::open(number, 0, importer.user, importer.now)
        };
        let tasks: Vec<Task> = fields
            .list::<TaskRow>("tasks")
            .into_iter()
            .map(|row| Task { name: row.name, required: row.required, done: row.done })
            .collect();
        unique(&mut fields, "tasks", tasks.iter().map(|task| ("", task.name.as_str())).collect());
        let dynamic: Vec<DynamicField> = fields
            .list::<FieldRow>("fields")
            .into_iter()
            .map(|row| DynamicField {
                section: row.section,
                name: row.name,
                kind: row.kind,
                required_on_close: row.required_on_close,
                value: row.value.filter(|value| !value.is_empty()),
            })
            .collect();
        let names = dynamic.iter().map(|field| (field.section.as_str(), field.name.as_str()));
        unique(&mut fields, "fields", names.collect());
        let cases = links(&mut fields, "cases", importer);
        let linked = links(&mut fields, "linkedIncidents", importer);
        if linked.iter().any(|link| link.number == incident.number) {
            fields.problem("linkedIncidents", "expected other incidents, found the incident itself");
        }
        let problems = fields.finish();
        let row = Self { site, incident, tasks, fields: dynamic, cases, linked };
        if problems.is_empty() { Ok(row) } else { Err(problems) }
    }
}

impl CaseRow {
    pub(super) fn read(row: RawRow, importer: Importer<'_>) -> Result<Self, Problems> {
        let mut fields = Fields::new(row);
        let number = fields.required("number");
        if number.chars().count() > LONGEST_NUMBER {
            fields.problem("number", format!("expected at most {LONGEST_NUMBER} characters"));
        }
        let site = fields.required("site");
        let created_at = fields.time("createdAt").unwrap_or(importer.now);
        let modified_at = fields.time("modifiedAt").unwrap_or(created_at);
        let closed = closing(&mut fields, importer, modified_at).map(|(at, by)| (at, Some(by)));
        let case = NewCase {
            title: fields.short("title", LONGEST_TITLE),
            description: fields.text("description").unwrap_or_default(),
            case_type: fields.text("caseType").unwrap_or_default(),
            owner: fields.text("owner"),
            priority: fields.text("priority").unwrap_or_default(),
            time_zone: fields.text("timeZone").unwrap_or_default(),
            creator: fields.text("creator").unwrap_or_else(|| importer.user.to_owned()),
            reported_at: fields.time("reportedAt"),
            created_at,
            modified_at,
            closed,
            ..NewCase::open(number, 0, importer.user, importer.now)
        };
        let problems = fields.finish();
        if problems.is_empty() { Ok(Self { site, case }) } else { Err(problems) }
    }
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn maybe(value: Option<&str>) -> String {
    value.map_or_else(|| "null".to_owned(), text)
}

fn moment(milliseconds: Option<i64>) -> String {
    maybe(milliseconds.map(shown_time).as_deref())
}

fn list<T: Serialize>(rows: Vec<T>) -> String {
    serde_json::to_string(&rows).unwrap_or_default()
}

fn link_rows(links: &[Link]) -> String {
    let rows = links.iter().map(|link| LinkRow {
        number: link.number.clone(),
        linked_at: Some(shown_time(link.linked_at)),
        linked_by: Some(link.linked_by.clone()),
    });
    list(rows.collect())
}

/// An incident as it is written.
pub(super) fn write_incident(
    incident: &Incident,
    site: &str,
    tasks: &[Task],
    fields: &[DynamicField],
    cases: &[Link],
    linked: &[Link],
) -> Written {
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
    ]
}

/// A case as it is written.
pub(super) fn write_case(case: &Case, site: &str) -> Written {
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

/// The columns of a file without rows.
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
];

/// The columns of a file without rows.
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
