//! Schedules: the commands that the host runs at due times, and the destinations of their alerts.

use serde::Serialize;
use serde_json::value::RawValue;
use soar_connector::RawParameters;
use utoipa::ToSchema;

use super::{Cadence, ConnectionId, Moment, ScheduleId, ScheduleRunId, SiteId, UserId};
use crate::columns::{Json, from_row};
use crate::model::access::text_enum;
use crate::model::{AlertRules, Destination};

text_enum! {
    /// The kind of a schedule.
    pub enum ScheduleKind {
        /// The health check of a connection: its integration's Test Connection.
        HealthCheck = "Health Check",
        /// A command of a connection.
        Command,
    }
}

/// The fields of a schedule that a caller sets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSchedule {
    /// Its kind.
    pub kind: ScheduleKind,
    /// Its name. The name of a health check is the connection's.
    pub name: String,
    /// Its site. `None` for a connection that is shared to internal sites.
    pub site_id: Option<SiteId>,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// The address of the connection's server, by which alerts are gathered.
    pub server: String,
    /// The user in whose name a command runs.
    pub user_id: Option<UserId>,
    /// The command.
    pub command: String,
    /// The parameters. They contain no secrets.
    pub parameters: RawParameters,
    /// Whether another node may run it again when its node died. Only a command that reads may.
    pub repeatable: bool,
    /// How often it runs.
    pub cadence: Cadence,
    /// Whether it runs.
    pub active: bool,
    /// The destinations of its alerts.
    pub alert_to: Vec<Destination>,
    /// The number of failures in a row that opens an alert.
    pub alert_after: i64,
    /// The number of successes in a row after which it has recovered.
    pub recover_after: i64,
    /// A successful run that takes this many milliseconds or more is slow.
    pub slow_ms: i64,
}

impl NewSchedule {
    /// When an alert is opened, and when a result is out of date.
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
    /// Its id in this instance.
    pub id: ScheduleId,
    /// The fields that a caller sets.
    #[serde(flatten)]
    pub what: NewSchedule,
    /// Its next due time.
    pub next_due_at: Moment,
    /// When a caller asked for a run beside the due times, while that run has not begun.
    pub run_soon_at: Option<Moment>,
}

/// A due time of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkItem {
    /// The schedule.
    pub schedule: ScheduleId,
    /// When it was due.
    pub due_at: Moment,
}

/// The result of a run of a command, for the log of schedules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// The output, a JSON text.
    pub output: String,
    /// The Error tab of a failed run.
    pub error: Option<String>,
    /// The request id of the run in the run history.
    pub request_id: String,
}

text_enum! {
    /// How a run of a schedule ended.
    pub enum ScheduleRunStatus {
        /// It succeeded.
        Successful,
        /// It failed. Its error says why.
        Failed,
        /// Its node died, and the command changes something. The extent of the change is unknown.
        Interrupted,
    }
}

/// An entry of the log of schedules.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRun {
    /// Its id in this instance.
    #[schema(value_type = i64)]
    pub id: ScheduleRunId,
    /// The schedule.
    #[schema(value_type = i64)]
    pub schedule_id: ScheduleId,
    /// The schedule's name at the time.
    pub name: String,
    /// Its due time.
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
    /// The parameters, by name.
    #[schema(value_type = Object)]
    pub input: Box<RawValue>,
    /// The output, as the run history keeps it: limited in size, without secrets.
    #[schema(value_type = Value)]
    pub output: Box<RawValue>,
    /// The Error tab of a failed run.
    pub error: Option<String>,
    /// The request id of the run in the run history.
    pub request_id: String,
    /// The process that ran it.
    pub node: String,
}

from_row! {
    ScheduleRun: id, schedule_id, name, due_at, started_at, ended_at, status, input as Json<Box<RawValue>>,
        output as Json<Box<RawValue>>, error, request_id, node,
}
