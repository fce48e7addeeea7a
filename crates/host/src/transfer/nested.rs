//! The items in the lists of a row: tasks, dynamic fields, links and findings; and the rule of an incident.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use soar_store::model::{FieldKind, HeldStatus};

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

/// A finding of an incident. Its tenant is known by the connection's name and the product's id of the tenant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct FindingRow {
    pub(super) finding_id: String,
    pub(super) connection: String,
    #[serde(default)]
    pub(super) tenant_id: String,
    #[serde(default)]
    pub(super) tenant: String,
    #[serde(default)]
    pub(super) cve: String,
    #[serde(default)]
    pub(super) device: String,
    #[serde(default)]
    pub(super) address: String,
    #[serde(default)]
    pub(super) first_seen: String,
    #[serde(default)]
    pub(super) evidence: String,
    pub(super) status: HeldStatus,
}

/// The rule that made an incident, and what the incident is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct RuleRow {
    pub(super) name: String,
    pub(super) one_per: RuleSubject,
    /// For an incident about a CVE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cve: Option<String>,
}

/// What an incident of a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RuleSubject {
    Finding,
    Device,
    Cve,
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
        struct WholeLink {
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
        let WholeLink { number, linked_at, linked_by } = serde_json::from_str(raw.get()).map_err(D::Error::custom)?;
        Ok(Self { number, linked_at, linked_by })
    }
}
