//! What people see of connections' health: a table of them, the worst first, and the history of one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;
use soar_store::model::{
    Caller, Check, Connection, ConnectionId, Health, HealthState, Latency, Moment, Place, Schedule, ScheduleKind, Site,
    SiteId, Uptime,
};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

use crate::Refusal;
use crate::connections::{Connections, without_their_agent};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The most that a page of a history, or of the table, holds.
const LARGEST_PAGE: i64 = 1000;

/// Which connections are asked for.
#[derive(Debug, Clone, Default)]
pub struct HealthFilter {
    /// Only those of the site of this number.
    pub site: Option<SiteId>,
    /// Only those in this state.
    pub state: Option<HealthState>,
    /// At most so many, from 1 to 1,000; 100 unless given.
    pub limit: Option<i64>,
}

/// How connections fare.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthTable {
    /// The connections, the worst first.
    pub connections: Vec<ConnectionHealth>,
    /// How many connections are in each state, of all that were asked for.
    pub states: BTreeMap<HealthState, usize>,
}

impl HealthTable {
    /// How many were asked for and are not among the connections shown.
    #[must_use]
    pub fn more(&self) -> usize {
        self.states.values().sum::<usize>().saturating_sub(self.connections.len())
    }
}

/// How one connection fares.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// Its number.
    #[schema(value_type = i64)]
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Its integration's stable name.
    pub integration: String,
    /// Its site's name, or `Shared to internal sites`.
    pub site: String,
    /// The agent that it goes through; null where it goes direct.
    pub agent: Option<String>,
    /// Why nothing runs on its site; null where the site is active.
    pub site_inactive: Option<String>,
    /// Whether it is checked by itself.
    pub checked: bool,
    /// When it is checked next.
    #[schema(value_type = Option<i64>)]
    pub next_due_at: Option<Moment>,
    /// How it fares.
    #[serde(flatten)]
    pub health: Health,
    /// The last 24 hours.
    pub uptime_day: Uptime,
    /// The last 7 days.
    pub uptime_week: Uptime,
    /// The last 30 days.
    pub uptime_month: Uptime,
    /// The latency of the checks that passed in the last 24 hours.
    pub latency_day: Option<Latency>,
}

/// The history of one connection's health.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHistory {
    /// How it fares.
    pub connection: ConnectionHealth,
    /// Its checks, the latest first.
    pub checks: Vec<Check>,
}

/// A connection's health check, and its health.
type Row = (Option<Schedule>, Option<Health>);

/// Connections that cannot go through the agent that they name, each with the reason. They are Failing, whatever their
/// last check proved.
struct Without(HashMap<ConnectionId, String>);

impl Without {
    async fn read(records: &mut Records<'_>) -> Result<Self, StoreError> {
        let without = without_their_agent(records).await?;
        Ok(Self(without.into_iter().map(|one| (one.connection.id, one.why)).collect()))
    }

    fn told(&self, connection: &Connection, row: Option<(Schedule, Option<Health>)>) -> Row {
        let (schedule, health) = row.map_or((None, None), |(schedule, health)| (Some(schedule), health));
        let Some(why) = self.0.get(&connection.id) else { return (schedule, health) };
        let health = health.unwrap_or_else(|| Health::unknown(connection.created_at));
        (schedule, Some(Health { state: HealthState::Failing, last_error: Some(why.clone()), ..health }))
    }
}

impl Connections {
    /// How the connections fare that the caller may see, the worst first.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn health(&self, caller: &Caller, filter: &HealthFilter) -> Result<HealthTable, Refusal> {
        self.health_in(&mut self.store.reader().await?.records(), caller, filter).await
    }

    /// The same, as `records` sees it.
    pub(crate) async fn health_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        filter: &HealthFilter,
    ) -> Result<HealthTable, Refusal> {
        let mut connections = self.list_in(records, caller, soar_store::ConnectionFilter::All).await?;
        if let Some(wanted) = filter.site {
            connections.retain(|connection| matches!(&connection.place, Place::Site(site) if site.id == wanted));
        }
        let mut known: HashMap<ConnectionId, _> = records
            .health_table(ScheduleKind::HealthCheck)
            .await?
            .into_iter()
            .map(|row| (row.0.what.connection_id, row))
            .collect();
        let without = Without::read(records).await?;
        let mut rows: Vec<_> = connections.iter().map(|one| (one, without.told(one, known.remove(&one.id)))).collect();
        let state = |row: &Row| row.1.as_ref().map_or(HealthState::Unknown, |health| health.state);
        if let Some(wanted) = filter.state {
            rows.retain(|(_, row)| state(row) == wanted);
        }
        let mut states: BTreeMap<_, _> = HealthState::ALL.iter().map(|state| (*state, 0)).collect();
        for (_, row) in &rows {
            *states.entry(state(row)).or_default() += 1;
        }
        let rank = |state| match state {
            HealthState::Failing => 0,
            HealthState::Stale => 1,
            HealthState::Recovering => 2,
            HealthState::Degraded => 3,
            HealthState::Unknown => 4,
            HealthState::Healthy => 5,
        };
        rows.sort_by_key(|(_, row)| rank(state(row)));
        let limit = filter.limit.unwrap_or(100).clamp(1, LARGEST_PAGE);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let (sites, now) = (records.sites().await?, records.now().await?);
        let mut shown = Vec::with_capacity(rows.len());
        for (connection, row) in rows {
            shown.push(connection_health(records, connection, row, &sites, now).await?);
        }
        Ok(HealthTable { connections: shown, states })
    }

    /// The history of a connection's health before the check due at `before`, at most `limit` checks (1 to 1,000).
    ///
    /// # Errors
    /// [`Refusal`] when there is none that the caller may see.
    pub async fn health_history(
        &self,
        caller: &Caller,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, Refusal> {
        self.health_history_in(&mut self.store.reader().await?.records(), caller, id, before, limit).await
    }

    /// The same, as `records` sees it.
    pub(crate) async fn health_history_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        id: ConnectionId,
        before: Option<Moment>,
        limit: i64,
    ) -> Result<ConnectionHistory, Refusal> {
        let connection = self.see_in(records, caller, id).await?;
        let row = match records.health_check(id).await? {
            Some(schedule) => Some((records.health_now(&schedule).await?, schedule)),
            None => None,
        };
        let row = row.map(|(health, schedule)| (schedule, health));
        let row = Without::read(records).await?.told(&connection, row);
        let (sites, now) = (records.sites().await?, records.now().await?);
        let shown = connection_health(records, &connection, row, &sites, now).await?;
        let checks = records.checks(id, before.unwrap_or(Moment::MAX), limit.clamp(1, LARGEST_PAGE)).await?;
        Ok(ConnectionHistory { connection: shown, checks })
    }
}

/// The health of a connection at `now`, by the store's clock, which stamps results too.
async fn connection_health(
    records: &mut Records<'_>,
    connection: &Connection,
    row: Row,
    sites: &[Site],
    now: Moment,
) -> Result<ConnectionHealth, StoreError> {
    let id = connection.id;
    let site_inactive = match &connection.place {
        Place::Site(site) => sites.iter().find(|one| one.id == site.id),
        Place::SharedToInternalSites { .. } => None,
    };
    let site_inactive = site_inactive.and_then(Site::inactive);
    let (schedule, health) = row;
    let checked = site_inactive.is_none() && schedule.as_ref().is_some_and(|schedule| schedule.what.active);
    let next_due_at = schedule.filter(|_| checked).map(|schedule| schedule.next_due_at);
    Ok(ConnectionHealth {
        id,
        name: connection.name.clone(),
        integration: connection.integration.clone(),
        site: connection.place.name().to_owned(),
        agent: connection.agent_name.clone(),
        site_inactive,
        checked,
        next_due_at,
        health: health.unwrap_or_else(|| Health::unknown(connection.created_at)),
        uptime_day: records.uptime(id, now - DAY, now).await?,
        uptime_week: records.uptime(id, now - DAY * 7, now).await?,
        uptime_month: records.uptime(id, now - DAY * 30, now).await?,
        latency_day: records.latency(id, now - DAY, now).await?,
    })
}
