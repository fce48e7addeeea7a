//! What stands in the lists of a row: tasks, dynamic fields and links, as they are read and written.

use serde::{Deserialize, Serialize};
use soar_store::model::FieldKind;

/// A task of an incident.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskRow {
    pub(super) name: String,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) done: bool,
}

/// A dynamic field of an incident.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct FieldRow {
    #[serde(default)]
    pub(super) section: String,
    pub(super) name: String,
    #[serde(default = "activity")]
    pub(super) kind: FieldKind,
    #[serde(default)]
    pub(super) required_on_close: bool,
    #[serde(default)]
    pub(super) value: Option<String>,
}

fn activity() -> FieldKind {
    FieldKind::Activity
}

/// A link to a case or an incident.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct LinkRow {
    pub(super) number: String,
    #[serde(default)]
    pub(super) linked_at: Option<String>,
    #[serde(default)]
    pub(super) linked_by: Option<String>,
}
