//! Messages about alerts: their content and their destination.

use serde::{Deserialize, Serialize};

use super::{AlertEvent, AlertReason, Destination, Moment, ScheduleKind};

/// A connection or schedule that a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
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
    #[sqlx(rename = "opened_at")]
    pub since: Moment,
    /// When it recovered.
    #[sqlx(rename = "closed_at")]
    pub recovered_at: Option<Moment>,
}

/// The content of a message. Its JSON is the body of a webhook.
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

/// A message to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// Its id, the same in each attempt, so that a receiver can drop a repetition.
    pub id: String,
    /// The destination.
    pub destination: Destination,
    /// The content.
    #[sqlx(try_from = "crate::columns::Json<MessageContent>")]
    pub content: MessageContent,
    /// The number of earlier attempts.
    pub attempts: i64,
    /// When the host decided on the message.
    pub created_at: Moment,
}

impl From<crate::columns::Json<Self>> for MessageContent {
    fn from(json: crate::columns::Json<Self>) -> Self {
        json.0
    }
}
