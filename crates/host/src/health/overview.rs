//! What people see of connections' health: a table of all, and the history of one.

use serde::Serialize;

use super::{Check, Health, HealthState, Latency, Uptime};
use crate::alerts::Destination;
use crate::connections::{Connections, must_be_own};
use crate::model::{Caller, Connection};
use crate::moment::milliseconds;
use crate::scheduler::ScheduleKind;
use crate::store::{StoreError, WaitingMessage};
use crate::utility::Refusal;

const DAY_MS: i64 = 24 * 3_600_000;

/// The most that a page of a history holds.
const LARGEST_PAGE: i64 = 1000;

/// How one connection fares. Times in milliseconds since 1970.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its integration's stable name.
    pub integration: String,
    /// Its site's name, or `Shared to internal sites`.
    pub site: String,
    /// Whether it is checked by itself.
    pub checked: bool,
    /// When it is checked next.
    pub next_due_at: Option<i64>,
    /// How it fares.
    #[serde(flatten)]
    pub health: Health,
    /// The last 24 hours.
    pub uptime_day: Uptime,
    /// The last 7 days.
    pub uptime_week: Uptime,
    /// The last 30 days.
    pub uptime_month: Uptime,
}

/// The history of one connection's health.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHistory {
    /// How it fares.
    pub connection: ConnectionHealth,
    /// The latency of the checks that passed in the last 24 hours.
    pub latency_day: Option<Latency>,
    /// Its checks, the latest first.
    pub checks: Vec<Check>,
}

/// What a connection's form does not ask for.
#[derive(Debug, Clone, Default)]
pub struct HealthCheckChange {
    /// The webhooks that are told beside the form's mail address.
    pub webhooks: Option<Vec<String>>,
    /// After how many failures in a row somebody is told.
    pub alert_after: Option<i64>,
    /// From how many milliseconds on a check is slow.
    pub slow_ms: Option<i64>,
}

impl Connections {
    /// How the connections fare that the caller may see, the worst first.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn health(&self, caller: &Caller) -> Result<Vec<ConnectionHealth>, Refusal> {
        let connections = self.list(caller).await?;
        let mut shown = self.fare(&connections).await?;
        let rank = |state| match state {
            HealthState::Failing => 0,
            HealthState::Degraded => 1,
            HealthState::Unknown => 2,
            HealthState::Healthy => 3,
        };
        shown.sort_by_key(|one| rank(one.health.state));
        Ok(shown)
    }

    /// The history of a connection's health before the check due at `before`, at most `limit` checks (1 to 1,000).
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller may see.
    pub async fn health_history(
        &self,
        caller: &Caller,
        id: i64,
        before: Option<i64>,
        limit: i64,
    ) -> Result<ConnectionHistory, Refusal> {
        let connection = self.see(caller, id).await?;
        let fares = self.fare(std::slice::from_ref(&connection)).await?;
        let connection = fares.into_iter().next().ok_or_else(|| StoreError::not_found("connection", id.to_string()))?;
        let mut reader = self.store.reader().await?;
        let limit = limit.clamp(1, LARGEST_PAGE);
        let checks = reader.records().checks(id, before.unwrap_or(i64::MAX), limit).await?;
        let since = milliseconds(self.clock.now()) - DAY_MS;
        Ok(ConnectionHistory { connection, latency_day: reader.records().latency(id, since).await?, checks })
    }

    /// Changes what the connection's form does not ask for.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such connection that the caller manages, or a value cannot be used.
    pub async fn change_health_check(
        &self,
        caller: &Caller,
        id: i64,
        change: HealthCheckChange,
    ) -> Result<(), Refusal> {
        let connection = self.managed(caller, id).await?;
        // Whom this instance tells is its own affair; how the connection is judged comes with it.
        if change.alert_after.is_some() || change.slow_ms.is_some() {
            must_be_own(&connection)?;
        }
        let mut transaction = self.store.transaction().await?;
        let Some(schedule) = transaction.records().health_check(id).await? else {
            return Err(StoreError::not_found("connection", id.to_string()).into());
        };
        let mut check = schedule.what;
        if let Some(names) = change.webhooks {
            check.alert_to.retain(|destination| matches!(destination, Destination::Mail(_)));
            for name in names {
                check.alert_to.push(format!("webhook:{name}").parse().map_err(Refusal::Because)?);
            }
        }
        check.alert_after = change.alert_after.unwrap_or(check.alert_after);
        check.slow_ms = change.slow_ms.unwrap_or(check.slow_ms);
        if !(1..=100).contains(&check.alert_after) || !(1..=3_600_000).contains(&check.slow_ms) {
            return Err(Refusal::Because(
                "Failures before somebody is told: expected 1 to 100; from when on a check is slow: 1 to 3,600,000 ms."
                    .to_owned(),
            ));
        }
        transaction.records().change_schedule(schedule.id, &check, milliseconds(self.clock.now())).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Messages that did not arrive yet, for administrators.
    ///
    /// # Errors
    /// [`Refusal`] when the caller is none.
    pub async fn waiting_messages(&self, caller: &Caller, limit: i64) -> Result<Vec<WaitingMessage>, Refusal> {
        if !(caller.user.active && caller.user.is_administrator) {
            return Err(Refusal::Because("It takes an administrator to see messages on their way.".to_owned()));
        }
        Ok(self.store.reader().await?.records().waiting_messages(limit.clamp(1, LARGEST_PAGE)).await?)
    }

    async fn fare(&self, connections: &[Connection]) -> Result<Vec<ConnectionHealth>, StoreError> {
        let now = milliseconds(self.clock.now());
        let mut reader = self.store.reader().await?;
        let mut records = reader.records();
        let table = records.health_table(ScheduleKind::HealthCheck).await?;
        let mut known: std::collections::HashMap<_, _> =
            table.into_iter().map(|row| (row.0.what.connection_id, row)).collect();
        let mut uptimes = Vec::new();
        for days in [1, 7, 30] {
            let of: std::collections::HashMap<_, _> = records.uptimes(now - days * DAY_MS).await?.into_iter().collect();
            uptimes.push(of);
        }
        let uptime = |index: usize, id: i64| uptimes.get(index).and_then(|of| of.get(&id)).copied().unwrap_or_default();
        let shown = connections.iter().map(|connection| {
            let row = known.remove(&connection.id);
            let checked = row.as_ref().is_some_and(|(schedule, _)| schedule.what.active);
            let next_due_at = row.as_ref().filter(|_| checked).map(|(schedule, _)| schedule.next_due_at);
            ConnectionHealth {
                id: connection.id,
                name: connection.name.clone(),
                integration: connection.integration.clone(),
                site: connection.place.name().to_owned(),
                checked,
                next_due_at,
                health: row.and_then(|(_, health)| health).unwrap_or_else(|| Health::unknown(connection.created_at)),
                uptime_day: uptime(0, connection.id),
                uptime_week: uptime(1, connection.id),
                uptime_month: uptime(2, connection.id),
            }
        });
        Ok(shown.collect())
    }
}
