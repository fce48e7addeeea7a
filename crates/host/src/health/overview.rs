//! The table of connections by health, and the history of one connection.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;
use soar_store::model::{
    Caller, Check, Connection, ConnectionId, ConnectionSites, Health, HealthState, Latency, Moment, Schedule, Site,
    Uptime,
};
use soar_store::{ConnectionFilter, Records, StoreError, Uptimes};
use utoipa::ToSchema;

use super::charts::{HealthCharts, latest_checks};
use super::filter::HealthFilter;
use super::worst::{LARGEST_PAGE, counted, few_states, worst, worst_of};
use crate::Refusal;
use crate::connections::{AgentsByName, Connections};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The most groups in a table, those with the worst states.
const MOST_GROUPS: i64 = 100;

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
    /// The number of groups that are left out, since their states are not as bad.
    #[serde(skip)]
    pub more_groups: usize,
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
    /// The cause of the last error. Null where the integration's manifest does not have the code of the error.
    pub last_error_cause: Option<String>,
    /// The cure of the last error. Null where the cause is.
    pub last_error_cure: Option<String>,
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
type CheckAndHealth = (Option<Schedule>, Option<Health>);

/// A connection with its health check and its health. A connection that cannot use its agent counts as Failing, even if
/// its last check passed.
fn row(connection: &Connection, known: Option<(Schedule, Option<Health>)>, agents: &AgentsByName) -> CheckAndHealth {
    let (schedule, health) = known.map_or((None, None), |(schedule, health)| (Some(schedule), health));
    let why = connection.agent_name.as_deref().and_then(|name| agents.unusable(name, &connection.place));
    let Some(why) = why else { return (schedule, health) };
    let health = health.unwrap_or_else(|| Health::unknown(connection.created_at));
    (schedule, Some(Health { state: HealthState::Failing, last_error: Some(why), last_error_code: None, ..health }))
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
        let agents = AgentsByName::read(records).await?;
        let selection = self.selection(records, caller, filter, &agents).await?;
        // Texts and servers are compared for each connection, so that the connections are read once only where few match.
        let is_searched = filter.text.is_some() || filter.server.is_some();
        let few = match is_searched && filter.grouping.is_none() {
            true => few_states(records, &selection).await?,
            false => None,
        };
        let mut states = match &few {
            Some(few) => counted(few),
            None => records.count_health(&selection).await?,
        };
        if let Some(wanted) = filter.state {
            states.iter_mut().filter(|(state, _)| **state != wanted).for_each(|(_, count)| *count = 0);
        }
        let mut table = HealthTable {
            at: selection.now,
            connections: Vec::new(),
            states: in_whole(states.clone()),
            groups: BTreeMap::new(),
            more_groups: 0,
        };
        if let Some(grouping) = filter.grouping {
            let found = records.health_groups(&selection, grouping.in_store(), filter.state, MOST_GROUPS).await?;
            table.more_groups = usize::try_from(found.all).unwrap_or(0).saturating_sub(found.groups.len());
            table.groups = found.groups.into_iter().map(|(name, states)| (name, in_whole(states))).collect();
            return Ok(table);
        }
        let ids = match few {
            Some(few) => worst_of(few, filter),
            None => worst(records, &selection, filter, &states).await?,
        };
        let mut connections: HashMap<_, _> = records
            .connections(ConnectionFilter::Ids(ids.clone()))
            .await?
            .into_iter()
            .map(|connection| (connection.id, connection))
            .collect();
        let known = records.health_checks_of(&ids).await?.into_iter();
        let mut known: HashMap<ConnectionId, _> = known.map(|row| (row.0.what.connection_id, row)).collect();
        let sites = records.sites().await?;
        let mut uptimes = match filter.without_uptimes {
            true => HashMap::new(),
            false => records.uptimes(&ids, selection.now, filter.charts.unwrap_or_default()).await?,
        };
        for id in ids {
            // A connection that was removed since is left out.
            let Some(connection) = connections.remove(&id) else { continue };
            let row = row(&connection, known.remove(&id), &agents);
            let uptimes = uptimes.remove(&id).unwrap_or_default();
            let charts = match filter.charts {
                Some(_) => {
                    let checks = latest_checks(records, id).await?;
                    Some(HealthCharts { checks, days: uptimes.days.clone() })
                }
                None => None,
            };
            let latency_day = match filter.without_latencies {
                true => None,
                false => records.latency(id, selection.now - DAY, selection.now).await?,
            };
            let server = self.server(&connection);
            let shown = connection_health(&connection, row, &sites, &uptimes);
            table.connections.push(self.explained(ConnectionHealth { server, charts, latency_day, ..shown }));
        }
        Ok(table)
    }

    /// The states of those of these connections that the caller may see.
    pub(crate) async fn health_states_in(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        ids: Vec<ConnectionId>,
    ) -> Result<HashMap<ConnectionId, HealthState>, StoreError> {
        let agents = AgentsByName::read(records).await?;
        let mut selection = self.selection(records, caller, &HealthFilter::default(), &agents).await?;
        selection.connections.ids = Some(ids);
        Ok(records.health_states(&selection, i64::MAX).await?.into_iter().collect())
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
        let known = match records.health_check(id).await? {
            Some(schedule) => Some((records.health_now(&schedule).await?, schedule)),
            None => None,
        };
        let known = known.map(|(health, schedule)| (schedule, health));
        let row = row(&connection, known, &AgentsByName::read(records).await?);
        let (sites, now) = (records.sites().await?, records.now().await?);
        let uptimes = records.uptimes(&[id], now, 0).await?.remove(&id).unwrap_or_default();
        let latency_day = records.latency(id, now - DAY, now).await?;
        let server = self.server(&connection);
        let shown = ConnectionHealth { server, latency_day, ..connection_health(&connection, row, &sites, &uptimes) };
        let checks = records.checks(id, before.unwrap_or(Moment::MAX), limit.clamp(1, LARGEST_PAGE)).await?;
        Ok(ConnectionHistory { at: now, connection: self.explained(shown), checks })
    }

    /// Adds the cause and the cure of the last error, which the manifest of the integration has.
    fn explained(&self, one: ConnectionHealth) -> ConnectionHealth {
        let entry = one.health.last_error_code.as_deref().and_then(|code| {
            let plugin = self.registry.named(&one.integration).ok()?;
            let manifest = plugin.manifest();
            let test = manifest.command(&manifest.connector.health_check).ok();
            manifest.error(test, code).cloned()
        });
        let (last_error_cause, last_error_cure) = entry.map(|entry| (entry.cause, entry.cure)).unzip();
        ConnectionHealth { last_error_cause, last_error_cure, ..one }
    }
}

fn in_whole(states: BTreeMap<HealthState, i64>) -> BTreeMap<HealthState, usize> {
    states.into_iter().map(|(state, count)| (state, usize::try_from(count).unwrap_or(0))).collect()
}

/// The health of a connection, without its server, latency and charts, and without cause and cure of its last error.
fn connection_health(
    connection: &Connection,
    row: CheckAndHealth,
    sites: &[Site],
    uptimes: &Uptimes,
) -> ConnectionHealth {
    let site_inactive = match &connection.place {
        ConnectionSites::Site(site) => sites.iter().find(|one| one.id == site.id),
        ConnectionSites::SharedToInternalSites { .. } => None,
    };
    let site_inactive = site_inactive.and_then(Site::inactive);
    let (schedule, health) = row;
    let checked = site_inactive.is_none() && schedule.as_ref().is_some_and(|schedule| schedule.what.active);
    let next_due_at = schedule.filter(|_| checked).map(|schedule| schedule.next_due_at);
    ConnectionHealth {
        id: connection.id,
        name: connection.name.clone(),
        integration: connection.integration.clone(),
        site: connection.place.name().to_owned(),
        agent: connection.agent_name.clone(),
        site_inactive,
        checked,
        next_due_at,
        health: health.unwrap_or_else(|| Health::unknown(connection.created_at)),
        last_error_cause: None,
        last_error_cure: None,
        uptime_day: uptimes.day,
        uptime_week: uptimes.week,
        uptime_month: uptimes.month,
        latency_day: None,
        server: String::new(),
        tenant: connection.tenant.clone(),
        charts: None,
    }
}
