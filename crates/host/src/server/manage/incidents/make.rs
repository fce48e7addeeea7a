//! Making an incident.

use serde::Deserialize;
use serde_json::{Value, json};
use soar_connector::RawParameters;
use soar_store::StoreError;
use soar_store::model::{Moment, Severity};
use utoipa::ToSchema;

use super::{call, date, shown};
use crate::server::manage::ManageError;
use crate::server::manage::operation::{Done, Managed};

/// An incident to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct IncidentToMake {
    /// The name of its site.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    site: String,
    /// Such as Phishing.
    #[schema(pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    incident_type: String,
    /// Cut after 100 characters.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    title: Option<String>,
    /// What happened.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    description: Option<String>,
    /// How bad it is. Low unless given.
    #[serde(default)]
    severity: Option<Severity>,
    /// The name of the user who answers for it. System unless given.
    #[serde(default)]
    #[schema(pattern = r"^[^\u0000]*$")]
    owner: Option<String>,
    /// When it ought to be closed, to the second; not in the past.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    due_at: Option<Moment>,
    /// What it is made from.
    #[serde(default)]
    #[schema(schema_with = object_or_list)]
    raw_data: Option<Value>,
}

fn object_or_list() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    let kinds = SchemaType::from_iter([Type::Object, Type::Array, Type::Null]);
    ObjectBuilder::new().schema_type(kinds).build()
}

pub(super) async fn make(mut managed: Managed<'_>) -> Result<Done, ManageError> {
    let body: IncidentToMake = managed.body()?;
    let site = managed.records.site(&body.site).await?;
    let caller = managed.caller(site);
    let due = body.due_at.map(|due| date("dueAt", due)).transpose()?;
    let given = [
        ("IncidentType", Some(json!(body.incident_type))),
        ("Title", body.title.map(Value::from)),
        ("Description", body.description.map(Value::from)),
        ("Severity", body.severity.map(|severity| json!(severity))),
        ("Owner", body.owner.map(Value::from)),
        ("DueDate", due.map(Value::from)),
        ("RawData", body.raw_data),
    ];
    let raw: RawParameters = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let answer = call(&mut managed, "CreateAnIncident", &caller, &raw).await?;
    let rows = answer.context_data.map(|rows| rows.values()).unwrap_or_default();
    let number = rows.first().and_then(|row| row["Incident Number"].as_str());
    let number = number.ok_or_else(|| StoreError::Unreadable("an incident without a number".to_owned()))?;
    shown(&mut managed, number, number.to_owned()).await
}
