//! A schedule of a command as people see it.

use serde::Serialize;
use soar_connector::RawParameters;
use soar_store::model::{Cadence, Connection, Health, HealthState, Moment, Schedule, ScheduleId, Site, User};
use utoipa::ToSchema;

/// A schedule of a command, and how it fares.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Schedule)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleShown {
    /// Its number in this instance.
    #[schema(value_type = i64)]
    pub id: ScheduleId,
    /// Its name, unique on its site.
    pub name: String,
    /// Its site's name.
    pub site: String,
    /// Why nothing runs on its site; null where the site is active.
    pub site_inactive: Option<String>,
    /// The connection's integration.
    pub integration: String,
    /// The connection's name.
    pub connection: String,
    /// In whose name it runs.
    pub user: String,
    /// The command.
    pub command: String,
    /// Its parameters.
    #[schema(value_type = Object)]
    pub parameters: RawParameters,
    /// Every so many minutes.
    pub every_minutes: Option<i64>,
    /// By a cron expression.
    pub cron: Option<String>,
    /// The time zone of that expression.
    pub time_zone: Option<String>,
    /// Whether it runs at all.
    pub active: bool,
    /// Who is told when it fails.
    pub alert_to: Vec<String>,
    /// After how many failures in a row.
    pub alert_after: i64,
    /// When it is due next; never, when it or its site is not active.
    #[schema(value_type = Option<i64>)]
    pub next_due_at: Option<Moment>,
    /// When it ended last.
    #[schema(value_type = Option<i64>)]
    pub last_run_at: Option<Moment>,
    /// Whether it failed then.
    pub failed: bool,
    /// Why it failed then.
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
        let Schedule { id, what, next_due_at } = schedule;
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
            next_due_at: (what.active && site.active).then_some(next_due_at),
            last_run_at: health.as_ref().and_then(|health| health.last_check_at),
            failed,
            last_error: health.filter(|_| failed).and_then(|health| health.last_error),
        }
    }
}
