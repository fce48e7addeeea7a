//! The bodies with which callers create, change and link incidents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use soar_store::model::{Moment, Severity, Status, Version};
use utoipa::ToSchema;

use crate::Refusal;

/// A new incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentToMake {
    /// The name of the incident's site.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// The type of the incident, such as Phishing.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub incident_type: String,
    /// The title. The host cuts it after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub title: Option<String>,
    /// The description.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$", max_length = 65536)]
    pub description: Option<String>,
    /// The severity. Low unless given.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The name of the owner. System unless given.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub owner: Option<String>,
    /// The due date in whole seconds; not in the past.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// The raw data from which the incident is created.
    #[serde(default)]
    #[schema(schema_with = object_or_list)]
    pub raw_data: Option<Value>,
}

fn object_or_list() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    let kinds = SchemaType::from_iter([Type::Object, Type::Array, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).build()
}

/// The incidents to link an incident with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentsToLink {
    /// The numbers of the incidents.
    #[schema(min_items = 1, max_items = 1000)]
    pub incidents: Vec<String>,
}

/// The result of linking incidents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentsLinked {
    /// The number of new links.
    pub added: usize,
}

/// A change of an incident. Fields that are left out stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentToChange {
    /// The version that the caller read. The host refuses the change if the incident has changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// The title. The host cuts it after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub title: Option<String>,
    /// The description.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 65536)]
    pub description: Option<String>,
    /// The type of the incident, such as Phishing.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub incident_type: Option<String>,
    /// The severity.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The disposition, such as False Positive.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub disposition: Option<String>,
    /// The conclusion.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 65536)]
    pub conclusion: Option<String>,
    /// The name of the owner.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub owner: Option<String>,
    /// The name of the assignee.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub assignee: Option<String>,
    /// The due date in whole seconds.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// The values of fields by name, such as Severity. A dynamic field is given by its name or as Section.Name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The name of the new site.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: Option<String>,
    /// The status. The host closes an incident only when all Required tasks are done and all fields Required on Close
    /// have values.
    #[serde(default)]
    pub status: Option<Status>,
}

/// A change of a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskToChange {
    /// Whether the task is done.
    pub done: bool,
}

impl IncidentToChange {
    /// The names and values for the command, in the order in which the fields are set. The status is last, since it
    /// depends on the other fields.
    pub(super) fn fields(self) -> Result<Vec<(String, Value)>, Refusal> {
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

impl IncidentToMake {
    /// The names and values for the command CreateAnIncident.
    pub(super) fn parameters(self) -> Result<Vec<(String, Value)>, Refusal> {
        let due = self.due_at.map(|due| date("dueAt", due)).transpose()?;
        let given = [
            ("IncidentType", Some(json!(self.incident_type))),
            ("Title", self.title.map(Value::from)),
            ("Description", self.description.map(Value::from)),
            ("Severity", self.severity.map(|severity| json!(severity))),
            ("Owner", self.owner.map(Value::from)),
            ("DueDate", due.map(Value::from)),
            ("RawData", self.raw_data),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
    }
}

/// The time in the format of the host's commands: whole seconds in UTC.
fn date(name: &str, at: Moment) -> Result<String, Refusal> {
    let time = jiff::Timestamp::from_millisecond(at.0).ok();
    let time = time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    time.ok_or_else(|| Refusal::Because(format!("{name}: expected a time in milliseconds since 1970.")))
}
