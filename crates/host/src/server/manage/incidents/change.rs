//! Changing an incident and its tasks.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use soar_connector::RawParameters;
use soar_connector::name::quoted;
use soar_store::StoreError;
use soar_store::model::{Moment, Severity, Status};
use utoipa::ToSchema;

use super::{call, date, shown};
use crate::server::manage::ManageError;
use crate::server::manage::operation::{Done, Managed};

/// What changes about an incident; what is not given stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct IncidentToChange {
    /// The version that the caller saw; the change is refused if the incident has been changed since.
    #[serde(default)]
    version: Option<i64>,
    /// Cut after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    title: Option<String>,
    /// What happened.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    description: Option<String>,
    /// Such as Phishing.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    incident_type: Option<String>,
    /// How bad it is.
    #[serde(default)]
    severity: Option<Severity>,
    /// Such as False Positive.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    disposition: Option<String>,
    /// What came of it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    conclusion: Option<String>,
    /// The name of the user who answers for it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    owner: Option<String>,
    /// The name of the user who works on it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    assignee: Option<String>,
    /// When it ought to be closed, to the second.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    due_at: Option<Moment>,
    /// Values of its dynamic fields, by name or as Section.Name.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// The name of its new site.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    site: Option<String>,
    /// Whether it is done. It is closed only when Required tasks are done and fields Required on Close have values.
    #[serde(default)]
    status: Option<Status>,
}

/// What changes about a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct TaskToChange {
    /// Whether it is done.
    done: bool,
}

impl IncidentToChange {
    /// Names and values for the command, in the order in which they are set: the status last, for it depends on others.
    fn fields(self) -> Result<Vec<(String, Value)>, ManageError> {
        let due = self.due_at.map(|due| date("dueAt", due)).transpose()?;
        let text = |value: Option<String>| value.map(Value::from);
        let before = [
            ("Title", text(self.title)),
            ("Description", text(self.description)),
            ("Incident Type", text(self.incident_type)),
            ("Severity", self.severity.map(|severity| json!(severity))),
            ("Disposition", text(self.disposition)),
            ("Conclusion", text(self.conclusion)),
            ("Owner", text(self.owner)),
            ("Assignee", text(self.assignee)),
            ("Due Date", text(due)),
        ];
        let after = [("Site", text(self.site)), ("Status", self.status.map(|status| json!(status)))];
        let named = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        let dynamic = self.fields.into_iter().map(|(name, value)| (name, Value::from(value)));
        Ok(before.into_iter().filter_map(named).chain(dynamic).chain(after.into_iter().filter_map(named)).collect())
    }
}

pub(super) async fn change(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let body: IncidentToChange = managed.body()?;
    let number = managed.part("number").to_owned();
    let incident = managed.records.incident_for_change(&number).await?;
    if body.version.is_some_and(|version| version != incident.version) {
        let error = format!(
            "The incident {} has been changed since you read it: it is at version {} now. Read it again.",
            quoted(&number),
            incident.version
        );
        return Err(StoreError::Conflict(error).into());
    }
    let caller = managed.any_caller().await?;
    let mut names = Vec::new();
    for (name, value) in body.fields()? {
        let raw: RawParameters = [
            ("Incident Number".to_owned(), json!(number)),
            ("Field Name".to_owned(), json!(name)),
            ("Field Value".to_owned(), value),
        ]
        .into_iter()
        .collect();
        call(&mut managed, "SetIncidentField", &caller, &raw).await.map_err(|error| match error {
            ManageError::Refused(problem) => ManageError::Refused(format!("{name}: {problem}")),
            error => error,
        })?;
        names.push(name);
    }
    shown(&mut managed, &number, format!("{number}: {}", names.join(", "))).await
}

pub(super) async fn mark_task(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let TaskToChange { done } = managed.body()?;
    let (number, name) = (managed.part("number").to_owned(), managed.part("name").to_owned());
    let (incident, now) = (managed.records.incident_for_change(&number).await?, managed.now);
    managed.records.set_task_done(incident.id, &name, done, now).await?;
    let state = if done { "done" } else { "pending" };
    shown(&mut managed, &number, format!("{number}: {name} {state}")).await
}
