//! Messages about alerts and findings: their content and their destination.

use serde::{Deserialize, Serialize};

use super::{AlertEvent, AlertReason, Destination, FindingSequence, Moment, ScheduleKind};
use crate::columns::{Json, from_row};
use crate::text_enum;

/// A connection or schedule that a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageItem {
    /// Its kind and name, such as `Connection Production`.
    pub subject: String,
    /// The name of its site.
    pub site: String,
    /// Whether it fails or flaps.
    pub reason: AlertReason,
    /// The Error tab.
    pub detail: String,
    /// When the failure began.
    pub since: Moment,
    /// When it recovered.
    pub recovered_at: Option<Moment>,
}

from_row! { MessageItem: subject, site, reason, detail, since = "opened_at", recovered_at = "closed_at" }

/// The content of an alert about connections or schedules. Its JSON is the body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageContent {
    /// Whether they fail or have recovered.
    pub event: AlertEvent,
    /// Whether the message is about health checks of connections, or about schedules of commands.
    #[serde(default = "health_check")]
    pub kind: ScheduleKind,
    /// Their common server.
    pub server: String,
    /// When the host decided on the message.
    pub at: Moment,
    /// The number of connections of the server that still fail when others recovered.
    pub still_failing: i64,
    /// The connections or schedules, by name.
    pub items: Vec<MessageItem>,
}

/// Messages of earlier versions have no kind. They are about health checks.
fn health_check() -> ScheduleKind {
    ScheduleKind::HealthCheck
}

text_enum! {
    /// The event of a message about findings.
    pub enum FindingsEvent {
        /// Findings met a rule.
        Findings,
    }
}

/// A finding in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingItem {
    /// The id of the finding, which stays the same.
    pub finding_id: String,
    /// The number of its change in the log.
    pub sequence: FindingSequence,
    /// The kind of the change.
    pub kind: String,
    /// What it is: the CVE, or the title of a finding without one.
    pub cve: String,
    /// The device.
    pub device: String,
    /// The tenant's name.
    pub tenant: String,
    /// The name of the connection.
    pub connection: String,
    /// What the product says about it.
    pub evidence: String,
}

/// The content of a message about findings. Its JSON is the body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingsMessage {
    /// Always `Findings`.
    pub event: FindingsEvent,
    /// The name of the rule.
    pub rule: String,
    /// When the host decided on the message.
    pub at: Moment,
    /// Findings beyond the rule's limit, about which nothing else was done.
    pub left_out: i64,
    /// The findings.
    pub findings: Vec<FindingItem>,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MessageBody {
    /// Connections or schedules fail or have recovered.
    Health(MessageContent),
    /// Findings met a rule.
    Findings(FindingsMessage),
}

impl MessageBody {
    /// The names of what it is about.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        match self {
            Self::Health(content) => content.items.iter().map(|item| item.subject.clone()).collect(),
            Self::Findings(content) => vec![format!("Rule {}", content.rule)],
        }
    }
}

/// A message to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, the same in each attempt, so that a receiver can drop a repetition.
    pub id: String,
    /// The destination.
    pub destination: Destination,
    /// The content.
    pub content: MessageBody,
    /// The number of earlier attempts.
    pub attempts: i64,
    /// When the host decided on the message.
    pub created_at: Moment,
}

from_row! { Message: id, destination, content as Json<MessageBody>, attempts, created_at }

impl From<crate::columns::Json<Self>> for MessageBody {
    fn from(json: crate::columns::Json<Self>) -> Self {
        json.0
    }
}
