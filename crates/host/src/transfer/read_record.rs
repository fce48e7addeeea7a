//! Reads and checks incidents and cases from rows of a file.

use soar_connector::name::quoted;
use soar_store::model::{DynamicField, Moment, Severity, SiteId, Status, Task, checked_number, limits};
use soar_store::{NewCase, NewIncident, finding_id_parts};

use super::fields::{Fields, time};
use super::nested::{FieldRow, FindingRow, LinkRow, RuleRow, TaskRow};
use super::source::RawRow;

/// A link of a row. Without a time and a user in the row, the link gets those of the import.
#[derive(Debug, Clone)]
pub(super) struct WantedLink {
    pub(super) number: String,
    pub(super) at: Moment,
    pub(super) by: String,
}

/// An incident of a file. Its site is not looked up yet.
#[derive(Debug)]
pub(super) struct IncidentRow {
    pub(super) site: String,
    pub(super) incident: NewIncident,
    pub(super) tasks: Vec<Task>,
    pub(super) fields: Vec<DynamicField>,
    pub(super) cases: Vec<WantedLink>,
    pub(super) linked: Vec<WantedLink>,
    pub(super) findings: Vec<FindingRow>,
    pub(super) rule: Option<RuleRow>,
}

/// A case of a file. Its site is not looked up yet.
#[derive(Debug)]
pub(super) struct CaseRow {
    pub(super) site: String,
    pub(super) case: NewCase,
}

/// The user and the time of the import, the defaults for missing fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Importer<'a> {
    pub(super) user: &'a str,
    pub(super) now: Moment,
}

type Problems = Vec<(String, String)>;

fn closing(fields: &mut Fields, importer: Importer<'_>, modified_at: Moment) -> Option<(Moment, String)> {
    let status = fields.choice("status", Status::Open);
    let (at, by) = (fields.time("closedAt"), fields.bounded("closedBy", limits::NAME));
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
    fields.few(name, limits::MOST_LINKS, rows.len());
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
        let number = match checked_number(&row.number) {
            Ok(number) => number,
            Err(problem) => {
                fields.problem(name, format!("number: {problem}"));
                continue;
            }
        };
        let by = row.linked_by.unwrap_or_else(|| importer.user.to_owned());
        fields.within(name, limits::NAME, &by);
        wanted.push(WantedLink { number, at, by });
    }
    wanted
}

fn findings(fields: &mut Fields) -> Vec<FindingRow> {
    let rows: Vec<FindingRow> = fields.list("findings");
    fields.few("findings", limits::MOST_LINKS, rows.len());
    for row in &rows {
        if finding_id_parts(&row.finding_id).is_none() {
            let found = quoted(&row.finding_id);
            fields.problem(
                "findings",
                format!("findingId: expected an id such as 3.1042.nT0h9mcg2bCqQxWv8R3d, found {found}"),
            );
        }
        let texts =
            [&row.finding_id, &row.tenant_id, &row.tenant, &row.cve, &row.device, &row.address, &row.first_seen];
        for text in texts.into_iter().chain([&row.evidence]) {
            fields.within("findings", limits::FIELD_VALUE, text);
        }
    }
    rows
}

fn unique(fields: &mut Fields, name: &'static str, mut names: Vec<(&str, &str)>) {
    fields.few(name, limits::MOST_DETAILS, names.len());
    if names.iter().any(|(_, name)| name.is_empty()) {
        fields.problem(name, "expected a name for each, found an empty one");
    }
    if names.iter().any(|(section, name)| section.len() + name.len() > limits::DETAIL_NAME_BYTES) {
        fields.problem(name, format!("expected names of at most {} bytes", limits::DETAIL_NAME_BYTES));
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
        let number = fields.number();
        let site = fields.required("site");
        let created_at = fields.time("createdAt").unwrap_or(importer.now);
        let modified_at = fields.time("modifiedAt").unwrap_or(created_at);
        let closed = closing(&mut fields, importer, modified_at);
        let incident = NewIncident {
            title: fields.bounded("title", limits::TITLE).unwrap_or_default(),
            description: fields.bounded("description", limits::DESCRIPTION).unwrap_or_default(),
            incident_type: fields.bounded("incidentType", limits::KIND).unwrap_or_default(),
            owner: fields.bounded("owner", limits::NAME),
            assignee: fields.bounded("assignee", limits::NAME),
            severity: fields.choice("severity", Severity::Low),
            disposition: fields.bounded("disposition", limits::DISPOSITION).unwrap_or_default(),
            conclusion: fields.bounded("conclusion", limits::CONCLUSION).unwrap_or_default(),
            // JSON allows line breaks only outside of texts. They would break the lines of NDJSON.
            raw_data: fields.raw("rawData").map(|text| text.replace(['\n', '\r'], " ")),
            due_at: fields.time("dueAt"),
            creator: fields.bounded("creator", limits::NAME).unwrap_or_else(|| importer.user.to_owned()),
            created_at,
            modified_at,
            closed,
            ..NewIncident::open(number, SiteId(0), importer.user, importer.now)
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
        for value in dynamic.iter().filter_map(|field| field.value.as_deref()) {
            fields.within("fields", limits::FIELD_VALUE, value);
        }
        fields.within("rawData", limits::RAW_DATA, incident.raw_data.as_deref().unwrap_or_default());
        let cases = links(&mut fields, "cases", importer);
        let linked = links(&mut fields, "linkedIncidents", importer);
        if linked.iter().any(|link| link.number == incident.number) {
            fields.problem("linkedIncidents", "expected other incidents, found the incident itself");
        }
        let (findings, rule) = (findings(&mut fields), fields.object::<RuleRow>("rule"));
        let problems = fields.finish();
        let row = Self { site, incident, tasks, fields: dynamic, cases, linked, findings, rule };
        if problems.is_empty() { Ok(row) } else { Err(problems) }
    }
}

impl CaseRow {
    pub(super) fn read(row: RawRow, importer: Importer<'_>) -> Result<Self, Problems> {
        let mut fields = Fields::new(row);
        let number = fields.number();
        let site = fields.required("site");
        let created_at = fields.time("createdAt").unwrap_or(importer.now);
        let modified_at = fields.time("modifiedAt").unwrap_or(created_at);
        let closed = closing(&mut fields, importer, modified_at).map(|(at, by)| (at, Some(by)));
        let case = NewCase {
            title: fields.bounded("title", limits::TITLE).unwrap_or_default(),
            description: fields.bounded("description", limits::DESCRIPTION).unwrap_or_default(),
            case_type: fields.bounded("caseType", limits::KIND).unwrap_or_default(),
            owner: fields.bounded("owner", limits::NAME),
            priority: fields.bounded("priority", limits::PRIORITY).unwrap_or_default(),
            time_zone: fields.bounded("timeZone", limits::TIME_ZONE).unwrap_or_default(),
            creator: fields.bounded("creator", limits::NAME).unwrap_or_else(|| importer.user.to_owned()),
            reported_at: fields.time("reportedAt"),
            created_at,
            modified_at,
            closed,
            ..NewCase::open(number, SiteId(0), importer.user, importer.now)
        };
        let problems = fields.finish();
        if problems.is_empty() { Ok(Self { site, case }) } else { Err(problems) }
    }
}
