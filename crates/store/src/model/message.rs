//! Alerts on their way: what they say, and to whom.

use serde::{Deserialize, Serialize};

use super::{AlertReason, Destination, Moment, ScheduleKind, Tell};

/// One connection or schedule that a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct MessageItem {
    /// Such as `Connection Production`.
    pub subject: String,
    /// Its site's name.
    pub site: String,
    /// Whether it fails or flaps.
    pub reason: AlertReason,
    /// The Error tab.
    pub detail: String,
    /// Since when.
    #[sqlx(rename = "opened_at")]
    pub since: Moment,
    /// When it recovered.
    #[sqlx(rename = "closed_at")]
    pub recovered_at: Option<Moment>,
}

/// What a message says; its JSON is the body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageContent {
    /// That they fail, or that they recovered.
    #[serde(rename = "event")]
    pub tell: Tell,
    /// Whether it is about health checks of connections, or about schedules of commands.
    #[serde(default = "health_check")]
    pub kind: ScheduleKind,
    /// The server that they have in common.
    pub server: String,
    /// When it was decided on.
    pub at: Moment,
    /// How many of the server still fail when others recovered.
    pub still_failing: i64,
    /// What it is about, by name.
    pub items: Vec<MessageItem>,
}

/// Messages had no kind before schedules were told apart from connections.
fn health_check() -> ScheduleKind {
    ScheduleKind::HealthCheck
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// The same each time that it is sent, so that a receiver can drop a repetition.
    pub id: String,
    /// To whom.
    pub destination: Destination,
    /// What it says.
    #[sqlx(try_from = "crate::columns::Json<MessageContent>")]
    pub content: MessageContent,
    /// How often it was tried before.
    pub attempts: i64,
    /// When it was decided on.
    pub created_at: Moment,
}

impl From<crate::columns::Json<Self>> for MessageContent {
    fn from(json: crate::columns::Json<Self>) -> Self {
        json.0
    }
}
