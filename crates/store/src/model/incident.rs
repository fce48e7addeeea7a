//! Incidents: their tasks, their dynamic fields, and the rules for closing them.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::text_enum;
use super::{IncidentId, Moment, SiteId, Version};
use crate::columns::{Flag, from_row};

/// An incident, as the store keeps it. Its fields are in the order of the store's columns.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// The number that users know, such as `20210127-198`. Its form has no meaning.
    pub number: String,
    /// Bounded by [`super::limits::TITLE`].
    pub title: String,
    /// Its description.
    pub description: String,
    /// Its type, such as `Phishing`.
    pub incident_type: String,
    /// The site that it belongs to.
    pub site_id: SiteId,
    /// The name of its owner.
    pub owner: Option<String>,
    /// The name of its assignee.
    pub assignee: Option<String>,
    /// Its severity.
    pub severity: Severity,
    /// Whether it is open or closed.
    pub status: Status,
    /// Its disposition, such as `False Positive`.
    pub disposition: String,
    /// Its conclusion. Each addition is a line.
    pub conclusion: String,
    /// The data that it was created from, as JSON text.
    pub raw_data: Option<String>,
    /// When it is due to be closed.
    pub due_at: Option<Moment>,
    /// The name of the user who created it.
    pub creator: String,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub modified_at: Moment,
    /// When it was closed.
    pub closed_at: Option<Moment>,
    /// The name of the user who closed it.
    pub closed_by: Option<String>,
    /// Each change of the incident, its tasks, its fields and its links raises it.
    pub version: Version,
}

from_row! {
    Incident: id, number, title, description, incident_type, site_id, owner, assignee, severity, status, disposition,
        conclusion, raw_data, due_at, creator, created_at, modified_at, closed_at, closed_by, version,
}

/// A task of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Task {
    /// Its name, unique in the incident.
    pub name: String,
    /// Whether the incident stays open until the task is done.
    pub required: bool,
    /// Whether it is done.
    pub done: bool,
}

from_row! { Task: name, required as Flag, done as Flag }

/// A dynamic field of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DynamicField {
    /// The section of the incident's form in which it is. May be empty.
    pub section: String,
    /// Its name, unique in its section.
    pub name: String,
    /// Its kind.
    pub kind: FieldKind,
    /// Whether the incident stays open until the field has a value.
    pub required_on_close: bool,
    /// Its value. Never an empty text.
    pub value: Option<String>,
}

from_row! { DynamicField: section, name, kind, required_on_close as Flag, value }

/// A link to a case or an incident, seen from its other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The number of the case or incident.
    pub number: String,
    /// The title of the case or incident.
    pub title: String,
    /// The status of the case or incident.
    pub status: Status,
    /// The site of the case or incident. A caller who may not see that site may not see the link.
    #[serde(skip)]
    pub site_id: SiteId,
    /// When the link was created.
    #[schema(value_type = i64)]
    pub linked_at: Moment,
    /// The name of the user who created the link.
    pub linked_by: String,
}

from_row! { Link: number, title, status, site_id, linked_at, linked_by }

/// The case or incident as a line of text, such as `20210330-16: Stolen laptop (Open)`.
impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, title, status, .. } = self;
        match title.is_empty() {
            true => write!(formatter, "{number} ({status})"),
            false => write!(formatter, "{number}: {title} ({status})"),
        }
    }
}

text_enum! {
    /// The severity of an incident.
    pub enum Severity {
        /// The highest severity.
        Critical,
        /// High severity.
        High,
        /// Medium severity.
        Medium,
        /// Low severity.
        Low,
        /// For information only.
        Informational,
    }
}

text_enum! {
    /// Whether an incident or case is open or closed.
    pub enum Status {
        /// Open.
        Open,
        /// Closed.
        Closed,
    }
}

text_enum! {
    /// The kind of a dynamic field.
    pub enum FieldKind {
        /// A field for activities.
        Activity,
        /// A field for findings.
        InfoActivity = "Info Activity",
    }
}
