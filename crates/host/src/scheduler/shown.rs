//! The view of a schedule of a command.

use serde::Serialize;
use soar_connector::RawParameters;
use soar_store::model::{Cadence, Connection, Health, HealthState, Moment, Schedule, ScheduleId, Site, User};
use utoipa::ToSchema;

/// A schedule of a command with its health.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Schedule)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleShown {
    /// The schedule's id.
    #[schema(value_type = i64)]
    pub id: ScheduleId,
    /// The schedule's name, unique on its site.
    pub name: String,
    /// The name of the site.
    pub site: String,
    /// The reason for which nothing runs on the site; null where the site is active.
    pub site_inactive: Option<String>,
    /// The connection's integration.
    pub integration: String,
    /// The connection's name.
    pub connection: String,
    /// The user in whose name the schedule runs.
    pub user: String,
    /// The command.
    pub command: String,
    /// The command's parameters.
    #[schema(value_type = Object)]
    pub parameters: RawParameters,
    /// The interval in minutes; null with a cron expression.
    pub every_minutes: Option<i64>,
    /// The cron expression; null with an interval.
    pub cron: Option<String>,
    /// The time zone of the cron expression.
    pub time_zone: Option<String>,
    /// Whether the schedule is active.
    pub active: bool,
    /// The destinations of alerts.
    pub alert_to: Vec<String>,
    /// The number of failures in a row after which an alert is sent.
    pub alert_after: i64,
    /// The time of the next run, a due time or a requested run; null where the schedule or its site is not active.
    #[schema(value_type = Option<i64>)]
    pub next_due_at: Option<Moment>,
    /// The end of the last run.
    #[schema(value_type = Option<i64>)]
    pub last_run_at: Option<Moment>,
    /// Whether the last run failed.
    pub failed: bool,
    /// The error of the last run, if it failed.
    pub last_error: Option<String>,
}

impl ScheduleShown {
    pub(super) fn of(
        schedule: Schedule,
        site: &Site,
        connection: &Connection,
        user: Option<&User>,
        health: Option<Health>,
    ) -> Self {
        let Schedule { id, what, next_due_at, run_soon_at } = schedule;
        let (every_minutes, cron, time_zone) = match what.cadence {
            Cadence::Every { interval_ms } => (Some(interval_ms / 60_000), None, None),
            Cadence::Cron { expression, time_zone } => (None, Some(expression), Some(time_zone)),
        };
        let failed = health.as_ref().is_some_and(|health| health.state == HealthState::Failing);
        Self {
            id,
            name: what.name,
            site: site.name.clone(),
            site_inactive: site.inactive(),
            integration: connection.integration.clone(),
            connection: connection.name.clone(),
            user: user.map(|user| user.name.clone()).unwrap_or_default(),
            command: what.command,
            parameters: what.parameters,
            every_minutes,
            cron,
            time_zone,
            active: what.active,
            alert_to: what.alert_to.iter().map(ToString::to_string).collect(),
            alert_after: what.alert_after,
            next_due_at: (what.active && site.active)
                .then(|| run_soon_at.map_or(next_due_at, |asked| asked.min(next_due_at))),
            last_run_at: health.as_ref().and_then(|health| health.last_check_at),
            failed,
            last_error: health.filter(|_| failed).and_then(|health| health.last_error),
        }
    }
}
