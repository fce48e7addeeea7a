//! The table of connections by health, and the history of one connection.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;
use soar_store::model::{
    Caller, Check, Connection, ConnectionId, Health, HealthState, Latency, Moment, Place, Schedule, ScheduleKind, Site,
    Uptime,
};
use soar_store::{Records, StoreError};
use utoipa::ToSchema;

use super::charts::{HealthCharts, charts};
use super::filter::HealthFilter;
use crate::Refusal;
use crate::connections::{Connections, without_their_agent};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The most entries on a page of the history or the table.
const LARGEST_PAGE: i64 = 1000;

/// The health of connections.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthTable {
    /// The time by the store's clock, which stamps the connections' results too.
    #[schema(value_type = i64)]
    pub at: Moment,
    /// The connections, the worst first.
    pub connections: Vec<ConnectionHealth>,
    /// The number of connections in each state, over all connections that match the filter.
    pub states: BTreeMap<HealthState, usize>,
    /// The same numbers by group, where the filter groups them.
    #[serde(skip)]
    pub groups: BTreeMap<String, BTreeMap<HealthState, usize>>,
}

impl HealthTable {
    /// The number of connections that match the filter and are not on this page.
    #[must_use]
    pub fn more(&self) -> usize {
        self.states.values().sum::<usize>().saturating_sub(self.connections.len())
    }
}

/// The health of one connection.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// The connection's id.
    #[schema(value_type = i64)]
    pub id: ConnectionId,
    /// The connection's name.
    pub name: String,
    /// The integration's stable name.
    pub integration: String,
    /// The site's name, or `Shared to internal sites`.
    pub site: String,
    /// The agent that the connection uses; null for a direct connection.
    pub agent: Option<String>,
    /// The reason for which nothing runs on the connection's site; null where the site is active.
    pub site_inactive: Option<String>,
    /// Whether the connection has an active health check.
    pub checked: bool,
    /// The time of the next check.
    #[schema(value_type = Option<i64>)]
    pub next_due_at: Option<Moment>,
    /// The health of the connection.
    #[serde(flatten)]
    pub health: Health,
    /// The uptime of the last 24 hours.
    pub uptime_day: Uptime,
    /// The uptime of the last 7 days.
    pub uptime_week: Uptime,
    /// The uptime of the last 30 days.
    pub uptime_month: Uptime,
    /// The latency of the passed checks of the last 24 hours.
    pub latency_day: Option<Latency>,
    /// The address of the connection's server.
    #[serde(skip)]
    pub server: String,
    /// The tenants that the connection is shared with.
    #[serde(skip)]
    pub tenant: Option<String>,
    /// The charts, where the filter wants them.
    #[serde(skip)]
    pub charts: Option<HealthCharts>,
}

/// The health of one connection with its checks.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHistory {
    /// The time by the store's clock, which stamps the checks too.
    #[schema(value_type = i64)]
    pub at: Moment,
    /// The health of the connection.
    pub connection: ConnectionHealth,
    /// The checks, the latest first.
    pub checks: Vec<Check>,
}

/// The health check and the health of a connection.
type Row = (Option<Schedule>, Option<Health>);

/// The connections that cannot use their agent, each with the reason. They count as Failing, even if their last check
/// passed.
struct UnusableAgents(HashMap<ConnectionId, String>);

impl UnusableAgents {
    async fn read(records: &mut Records<'_>) -> Result<Self, StoreError> {
        let unusable = without_their_agent(records).await?;
        Ok(Self(unusable.into_iter().map(|one| (one.connection.id, one.why)).collect()))
    }

    fn applied_to(&self, connection: &Connection, row: Option<(Schedule, Option<Health>)>) -> Row {
        let (schedule, health) = row.map_or((None, None), |(schedule, health)| (Some(schedule), health));
        let Some(why) = self.0.get(&connection.id) else { return (schedule, health) };
        let health = health.unwrap_or_else(|| Health::unknown(connection.created_at));
        (schedule, Some(Health { state: HealthState::Failing, last_error: Some(why.clone()), ..health }))
    }
}

impl Connections {
    /// The health of the connections that the caller may see, the worst first.
    ///
    /// # Errors
    /// [`Refusal::Store`].
    pub async fn health_in(
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
        connections.retain(|connection| self.matches(connection, filter));
        let unusable = UnusableAgents::read(records).await?;
        let mut rows: Vec<_> =
            connections.iter().map(|one| (one, unusable.applied_to(one, known.remove(&one.id)))).collect();
        let state = |row: &Row| row.1.as_ref().map_or(HealthState::Unknown, |health| health.state);
        if let Some(wanted) = filter.state {
            rows.retain(|(_, row)| state(row) == wanted);
        }
        let mut states: BTreeMap<_, _> = HealthState::ALL.iter().map(|state| (*state, 0)).collect();
        let mut groups: BTreeMap<String, BTreeMap<HealthState, usize>> = BTreeMap::new();
        for (connection, row) in &rows {
            *states.entry(state(row)).or_default() += 1;
            if let Some(grouping) = filter.grouping {
                let group = groups.entry(self.group_of(connection, grouping)).or_default();
                *group.entry(state(row)).or_default() += 1;
            }
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
        let rows: Vec<_> =
            rows.into_iter().skip(filter.offset).take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let (sites, now) = (records.sites().await?, records.now().await?);
        let mut shown = Vec::with_capacity(rows.len());
        for (connection, row) in rows {
            let server = self.server(connection);
            shown.push(ConnectionHealth { server, ..connection_health(records, connection, row, &sites, now).await? });
        }
        if let Some(offset) = filter.charts {
            let ids: Vec<_> = shown.iter().map(|connection| connection.id).collect();
            for (connection, charts) in shown.iter_mut().zip(charts(records, &ids, now, offset).await?) {
                connection.charts = Some(charts);
            }
        }
        Ok(HealthTable { at: now, connections: shown, states, groups })
    }

    /// The health of a connection with at most `limit` checks (1 to 1,000) that were due before `before`.
    ///
    /// # Errors
    /// [`Refusal`] when the caller may see no such connection.
    pub async fn health_history_in(
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
        let row = UnusableAgents::read(records).await?.applied_to(&connection, row);
        let (sites, now) = (records.sites().await?, records.now().await?);
        let server = self.server(&connection);
        let shown = ConnectionHealth { server, ..connection_health(records, &connection, row, &sites, now).await? };
        let checks = records.checks(id, before.unwrap_or(Moment::MAX), limit.clamp(1, LARGEST_PAGE)).await?;
        Ok(ConnectionHistory { at: now, connection: shown, checks })
    }
}

/// The health of a connection at `now`. The time is from the store's clock, as are the times of results.
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
        server: String::new(),
        tenant: connection.tenant.clone(),
        charts: None,
    })
}
