//! Incidents: their tasks, their dynamic fields, and what keeps them open.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::text_enum;
use super::{IncidentId, Moment, SiteId};

/// An incident, as the store holds it: its fields stand in the order of the store's columns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, sqlx::FromRow)]
pub struct Incident {
    /// Its number in the store.
    pub id: IncidentId,
    /// Its number as users know it, such as `20210127-198`; opaque.
    pub number: String,
    /// Bounded by [`super::limits::TITLE`].
    pub title: String,
    /// What happened.
    pub description: String,
    /// Such as `Phishing`.
    pub incident_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of the user who answers for it.
    pub owner: Option<String>,
    /// The name of the user who works on it.
    pub assignee: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it is done.
    pub status: Status,
    /// Such as `False Positive`.
    pub disposition: String,
    /// What came of it, one line per addition.
    pub conclusion: String,
    /// What it was made from, as JSON text.
    pub raw_data: Option<String>,
    /// When it ought to be closed.
    pub due_at: Option<Moment>,
    /// Who made it.
    pub creator: String,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// Who closed it.
    pub closed_by: Option<String>,
    /// Rises with every change of the incident, its tasks, its fields and its links.
    pub version: i64,
}

/// A task of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct Task {
    /// Its name, unique in the incident.
    pub name: String,
    /// Whether the incident stays open until it is done.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub required: bool,
    /// Whether it is done.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub done: bool,
}

/// A dynamic field of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct DynamicField {
    /// The section of the incident's form that it stands in; may be empty.
    pub section: String,
    /// Its name, unique in its section.
    pub name: String,
    /// What kind of field it is.
    pub kind: FieldKind,
    /// Whether the incident stays open until it has a value.
    #[sqlx(try_from = "crate::columns::Flag")]
    pub required_on_close: bool,
    /// Its value, which is never empty text.
    pub value: Option<String>,
}

/// A link to a case or an incident, seen from its other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The number of the case or incident.
    pub number: String,
    /// The site of the case or incident: who may not see it there may not see the link.
    #[serde(skip)]
    pub site_id: SiteId,
    /// When it was made.
    #[schema(value_type = i64)]
    pub linked_at: Moment,
    /// Who made it.
    pub linked_by: String,
}

text_enum! {
    /// How bad an incident is.
    pub enum Severity {
        /// The worst.
        Critical,
        /// Bad.
        High,
        /// In between.
        Medium,
        /// Slight.
        Low,
        /// Nothing to worry about.
        Informational,
    }
}

text_enum! {
    /// Whether an incident or case is done.
    pub enum Status {
        /// It is not.
        Open,
        /// It is.
        Closed,
    }
}

text_enum! {
    /// What kind of dynamic field it is.
    pub enum FieldKind {
        /// Filled in as something is done.
        Activity,
        /// Filled in with what was learnt.
        InfoActivity = "Info Activity",
    }
}
