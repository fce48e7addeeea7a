//! The bodies with which callers make, change and link incidents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use soar_store::model::{Moment, Severity, Status, Version};
use utoipa::ToSchema;

use crate::Refusal;

/// An incident to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentToMake {
    /// The name of its site.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: String,
    /// Such as Phishing.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub incident_type: String,
    /// Cut after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub title: Option<String>,
    /// What happened.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$", max_length = 65536)]
    pub description: Option<String>,
    /// How bad it is. Low unless given.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The name of the user who answers for it. System unless given.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    pub owner: Option<String>,
    /// When it ought to be closed, to the second; not in the past.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// What it is made from.
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
    /// Their numbers.
    #[schema(min_items = 1, max_items = 1000)]
    pub incidents: Vec<String>,
}

/// The result of linking incidents.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentsLinked {
    /// How many links are new.
    pub added: usize,
}

/// The changes to an incident. A field that is not given stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct IncidentToChange {
    /// The version that the caller saw; the change is refused if the incident has been changed since.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub version: Option<Version>,
    /// Cut after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub title: Option<String>,
    /// What happened.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 65536)]
    pub description: Option<String>,
    /// Such as Phishing.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub incident_type: Option<String>,
    /// How bad it is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Such as False Positive.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 200)]
    pub disposition: Option<String>,
    /// What came of it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$", max_length = 65536)]
    pub conclusion: Option<String>,
    /// The name of the user who answers for it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub owner: Option<String>,
    /// The name of the user who works on it.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub assignee: Option<String>,
    /// When it ought to be closed, to the second.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    pub due_at: Option<Moment>,
    /// Values of its fields by name, such as Severity; those of dynamic fields by name or as Section.Name.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The name of its new site.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    pub site: Option<String>,
    /// Whether it is done. It is closed only when Required tasks are done and fields Required on Close have values.
    #[serde(default)]
    pub status: Option<Status>,
}

/// What changes about a task.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskToChange {
    /// Whether it is done.
    pub done: bool,
}

impl IncidentToChange {
    /// Names and values for the command, in the order in which they are set: the status last, for it depends on others.
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
    /// Names and values for the command CreateAnIncident.
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

/// A time as the host's commands take it: in whole seconds of UTC.
fn date(name: &str, at: Moment) -> Result<String, Refusal> {
    let time = jiff::Timestamp::from_millisecond(at.0).ok();
    let time = time.map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    time.ok_or_else(|| Refusal::Because(format!("{name}: expected a time in milliseconds since 1970.")))
}
