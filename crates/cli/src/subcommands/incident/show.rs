//! `footprint incident show`: all that is kept of an incident.

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use soar_host::model::{DynamicField, Incident, Link, Right, Site, Task};
use soar_host::store::StoreError;

use crate::exit::Exit;
use crate::instance::{Session, advised};
use crate::printer::{Form, Printer, moment, moment_if_any};

/// Show an incident with its tasks, fields and links
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    incident: String,

    /// How to write it
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

/// An incident and what belongs to it.
struct Whole {
    incident: Incident,
    site: Site,
    tasks: Vec<Task>,
    fields: Vec<DynamicField>,
    cases: Vec<Link>,
    links: Vec<Link>,
}

pub(super) async fn run(arguments: &Arguments, session: &Session, printer: &mut Printer) -> Result<Exit> {
    let whole = Whole::read(&arguments.incident, session).await.map_err(advised)?;
    printer.details(&whole.json(), arguments.output, &whole.labels())?;
    Ok(Exit::Successful)
}

impl Whole {
    /// What the user must not see is not there.
    async fn read(number: &str, session: &Session) -> Result<Self, StoreError> {
        let mut reader = session.store.reader().await?;
        let mut records = reader.records();
        let incident = records.incident(number).await?;
        let sites = records.sites().await?;
        let missing = || StoreError::NotFound { what: "incident", name: number.to_owned() };
        let site = sites.into_iter().find(|site| site.id == incident.site_id).ok_or_else(missing)?;
        let caller = session.caller(site);
        if !caller.may(Right::SeeIncidents, incident.site_id) {
            return Err(missing());
        }
        let id = incident.id;
        let ids = [id];
        let seen = |links: Vec<Link>| -> Vec<Link> {
            links.into_iter().filter(|link| caller.may(Right::SeeIncidents, link.site_id)).collect()
        };
        Ok(Self {
            tasks: records.tasks_of(&ids).await?.remove(&id).unwrap_or_default(),
            fields: records.fields_of(&ids).await?.remove(&id).unwrap_or_default(),
            cases: seen(records.cases_of(&ids).await?.remove(&id).unwrap_or_default()),
            links: seen(records.links_of(&ids).await?.remove(&id).unwrap_or_default()),
            incident,
            site: caller.site,
        })
    }

    fn labels(&self) -> Vec<(&'static str, String)> {
        let Self { incident, site, .. } = self;
        let numbers = |links: &[Link]| links.iter().map(|link| link.number.as_str()).collect::<Vec<_>>().join(", ");
        let tasks: Vec<_> = self.tasks.iter().map(task).collect();
        let fields: Vec<_> = self.fields.iter().map(field).collect();
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
            ("Site", site.name.clone()),
            ("Owner", incident.owner.clone().unwrap_or_default()),
            ("Assignee", incident.assignee.clone().unwrap_or_default()),
            ("Created", format!("{} by {}", moment(incident.created_at), incident.creator)),
            ("Modified", moment(incident.modified_at)),
            ("Due", moment_if_any(incident.due_at)),
            ("Closed", closed.unwrap_or_default()),
            ("Disposition", incident.disposition.clone()),
            ("Description", incident.description.clone()),
            ("Conclusion", incident.conclusion.clone()),
            ("Tasks", tasks.join("\n")),
            ("Fields", fields.join("\n")),
            ("Cases", numbers(&self.cases)),
            ("Linked incidents", numbers(&self.links)),
        ];
        if incident.raw_data.is_some() {
            labels.push(("Raw data", "(--output json shows it)".to_owned()));
        }
        labels
    }

    /// As an export writes it.
    fn json(&self) -> impl Serialize + '_ {
        let Self { incident, site, tasks, fields, cases, links } = self;
        let raw = incident.raw_data.as_ref().and_then(|raw| RawValue::from_string(raw.clone()).ok());
        let link = |link: &Link| serde_json::json!({ "number": link.number, "linkedAt": link.linked_at, "linkedBy": link.linked_by });
        serde_json::json!({
            "number": incident.number,
            "title": incident.title,
            "description": incident.description,
            "incidentType": incident.incident_type,
            "site": site.name,
            "owner": incident.owner,
            "assignee": incident.assignee,
            "severity": incident.severity,
            "status": incident.status,
            "disposition": incident.disposition,
            "conclusion": incident.conclusion,
            "rawData": raw,
            "dueAt": incident.due_at,
            "creator": incident.creator,
            "createdAt": incident.created_at,
            "modifiedAt": incident.modified_at,
            "closedAt": incident.closed_at,
            "closedBy": incident.closed_by,
            "tasks": tasks.iter().map(|task| serde_json::json!({
                "name": task.name, "required": task.required, "done": task.done,
            })).collect::<Vec<_>>(),
            "fields": fields.iter().map(|field| serde_json::json!({
                "section": field.section,
                "name": field.name,
                "kind": field.kind,
                "requiredOnClose": field.required_on_close,
                "value": field.value,
            })).collect::<Vec<_>>(),
            "cases": cases.iter().map(link).collect::<Vec<_>>(),
            "linkedIncidents": links.iter().map(link).collect::<Vec<_>>(),
        })
    }
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
