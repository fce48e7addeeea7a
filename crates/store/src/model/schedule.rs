//! Schedules: what runs by itself, how often, and who is told when it fails.

use serde::Serialize;
use serde_json::value::RawValue;
use soar_connector::RawParameters;
use utoipa::ToSchema;

use super::{Cadence, ConnectionId, Moment, ScheduleId, SiteId, UserId};
use crate::columns::Json;
use crate::model::access::text_enum;
use crate::model::{AlertRules, Destination};

text_enum! {
    /// What kind of thing runs.
    pub enum ScheduleKind {
        /// A connection's health check: its integration's Test Connection.
        HealthCheck = "Health Check",
        /// Any command of a connection.
        Command,
    }
}

/// What a schedule is, as it is made or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSchedule {
    /// What kind of thing runs.
    pub kind: ScheduleKind,
    /// Its name; of a health check, the connection's.
    pub name: String,
    /// On which site; none for a connection that is shared to internal sites.
    pub site_id: Option<SiteId>,
    /// On which connection.
    pub connection_id: ConnectionId,
    /// The address of the connection's server, by which alerts are gathered.
    pub server: String,
    /// In whose name a command runs.
    pub user_id: Option<UserId>,
    /// Which command.
    pub command: String,
    /// With which parameters; they hold no secrets.
    pub parameters: RawParameters,
    /// Whether it may run again when the node that ran it died: a command that only reads may.
    pub repeatable: bool,
    /// How often.
    pub cadence: Cadence,
    /// Whether it runs at all.
    pub active: bool,
    /// Who is told when it fails.
    pub alert_to: Vec<Destination>,
    /// After how many failures in a row.
    pub alert_after: i64,
    /// After how many successes in a row it has recovered.
    pub recover_after: i64,
    /// From how many milliseconds on a successful run is a slow one.
    pub slow_ms: i64,
}

impl NewSchedule {
    /// When an alert is sent, and when a result is out of date.
    #[must_use]
    pub fn alert_rules(&self) -> AlertRules {
        AlertRules {
            after_failures: self.alert_after,
            after_successes: self.recover_after,
            slow_ms: self.slow_ms,
            interval: self.cadence.interval(),
        }
    }
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its number in this instance.
    pub id: ScheduleId,
    /// What it is.
    #[serde(flatten)]
    pub what: NewSchedule,
    /// When it is due next.
    pub next_due_at: Moment,
    /// Since when a run that was asked for waits, beside the due times.
    pub run_soon_at: Option<Moment>,
}

/// One due time of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkItem {
    /// The schedule's number.
    pub schedule: ScheduleId,
    /// When it was due.
    pub due_at: Moment,
}

/// What a run of a command came to, for the log of schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// What it gave, a JSON text.
    pub output: String,
    /// The Error tab of a failed one.
    pub error: Option<String>,
    /// Identifies the run in the run history.
    pub request_id: String,
}

text_enum! {
    /// How a run of a schedule ended.
    pub enum ScheduleRunStatus {
        /// It reached its aim.
        Successful,
        /// It did not; its error says why.
        Failed,
        /// The node that ran it died, and the command changes something: nobody knows how far it came.
        Interrupted,
    }
}

/// An entry of the log of schedules.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRun {
    /// Its number in this instance.
    pub id: i64,
    /// The schedule's number.
    #[schema(value_type = i64)]
    pub schedule_id: ScheduleId,
    /// The schedule's name then.
    pub name: String,
    /// When it was due.
    #[schema(value_type = i64)]
    pub due_at: Moment,
    /// When it began.
    #[schema(value_type = i64)]
    pub started_at: Moment,
    /// When it ended.
    #[schema(value_type = i64)]
    pub ended_at: Moment,
    /// How it ended.
    pub status: ScheduleRunStatus,
    /// The parameters by name.
    #[schema(value_type = Object)]
    #[sqlx(try_from = "Json<Box<RawValue>>")]
    pub input: Box<RawValue>,
    /// What it gave, as the run history keeps it: bounded, and without secrets.
    #[schema(value_type = Value)]
    #[sqlx(try_from = "Json<Box<RawValue>>")]
    pub output: Box<RawValue>,
    /// The Error tab of a failed one.
    pub error: Option<String>,
    /// Identifies the run in the run history.
    pub request_id: String,
    /// Which process ran it.
    pub node: String,
}
