//! The items in the lists of a row: tasks, dynamic fields and links.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkRow {
    pub(super) number: String,
    pub(super) linked_at: Option<String>,
    pub(super) linked_by: Option<String>,
}

impl<'de> Deserialize<'de> for LinkRow {
    /// Reads an object, or only the number.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        struct Whole {
            number: String,
            #[serde(default)]
            linked_at: Option<String>,
            #[serde(default)]
            linked_by: Option<String>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if let Ok(number) = serde_json::from_str::<String>(raw.get()) {
            return Ok(Self { number, linked_at: None, linked_by: None });
        }
        let Whole { number, linked_at, linked_by } = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { number, linked_at, linked_by })
    }
}
