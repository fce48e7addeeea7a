//! Pages of connections by their health: counts, groups, and the connections in a state. Only the page's connections
//! are read.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::bounds::Bounds;
use super::connection_pages::ConnectionSelection;
use super::health::state_sql;
use super::rows::identifiers;
use super::{Engine, Records, StoreError};
use crate::columns::from_row;
use crate::model::{CLOCK_TOLERANCE, ConnectionId, DayUptime, HealthState, Moment, SHARED, SiteId, Uptime};

/// The connections of a table of health.
#[derive(Debug, Clone)]
pub struct HealthSelection {
    /// The connections.
    pub connections: ConnectionSelection,
    /// The agents that connections of a place name and cannot use: the agent's name and the place. Such connections
    /// count as Failing.
    pub unusable_agents: Vec<(String, SiteId)>,
    /// The time now.
    pub now: Moment,
}

/// What a table of health groups connections by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthGroup {
    /// The address of the server.
    Server,
    /// The site.
    Site,
    /// The tenants that a connection is shared with. The name is empty for none.
    Tenant,
}

/// The number of connections of a group in each state.
#[derive(Debug, Deserialize)]
struct HealthGroupRow(String, [i64; 6], i64);

/// The groups with the worst states, and the number of all groups.
#[derive(Debug, Default)]
pub struct HealthGroups {
    /// The number of connections in each state, by the group's name.
    pub groups: BTreeMap<String, BTreeMap<HealthState, i64>>,
    /// The number of all groups.
    pub all: i64,
}

/// The uptime of a connection up to now.
#[derive(Debug, Clone, Default)]
pub struct Uptimes {
    /// Of the last 24 hours.
    pub day: Uptime,
    /// Of the last 7 days.
    pub week: Uptime,
    /// Of the last 30 days.
    pub month: Uptime,
    /// Of each of the last 30 days with checks.
    pub days: Vec<DayUptime>,
}

/// The uptime of a connection on a day, with the parts of the last week and of the last 24 hours.
#[derive(Debug, Deserialize)]
struct DayRow(ConnectionId, i64, i64, i64, i64, i64, i64, i64);

/// The number of connections in a state.
struct ConnectionStateRow {
    known: HealthState,
    connections: i64,
}

from_row! { ConnectionStateRow: known, connections }

const DAY_HOURS: i64 = 24;

impl HealthSelection {
    /// SQL for the state of a row of [`HealthSelection::rows_sql`].
    fn shown_state_sql(&self, engine: Engine, bounds: &mut Bounds) -> String {
        let (now, tolerated) = (bounds.number(self.now.0), bounds.number((self.now + CLOCK_TOLERANCE).0));
        let unusable = if self.unusable_agents.is_empty() {
            String::new()
        } else {
            let pairs = serde_json::to_string(&self.unusable_agents).unwrap_or_default();
            format!("WHEN (c.agent_name, c.place) IN ({}) THEN 'Failing'", engine.pairs_of(&bounds.text(pairs)))
        };
        let known = state_sql(("h", "k"), &now, &tolerated);
        if unusable.is_empty() { known } else { format!("CASE {unusable} ELSE {known} END") }
    }

    /// SQL for the connections `c` with their sites `s`, health checks `k` and health `h`.
    fn rows_sql(&self, engine: Engine, bounds: &mut Bounds) -> String {
        format!(
            "FROM connections c
             LEFT JOIN schedules k ON k.connection_id = c.id AND k.kind = 'Health Check'
             LEFT JOIN health h ON h.schedule_id = k.id
             LEFT JOIN sites s ON s.id = c.site_id
             WHERE {}",
            self.connections.condition(engine, bounds)
        )
    }
}

impl Records<'_> {
    /// The number of connections in each state.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_health(
        &mut self,
        selection: &HealthSelection,
    ) -> Result<BTreeMap<HealthState, i64>, StoreError> {
        let mut bounds = Bounds::default();
        let state = selection.shown_state_sql(self.engine, &mut bounds);
        let from = selection.rows_sql(self.engine, &mut bounds);
        let sql = format!(
            "SELECT known, CAST(COUNT(*) AS BIGINT) AS connections FROM (SELECT {state} AS known {from}) rated
             GROUP BY known"
        );
        let query = sqlx::query_as_with::<_, ConnectionStateRow, _>(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        let rows = query.fetch_all(&mut *self.connection).await?;
        let mut counts: BTreeMap<_, _> = HealthState::ALL.iter().map(|state| (*state, 0)).collect();
        counts.extend(rows.into_iter().map(|row| (row.known, row.connections)));
        Ok(counts)
    }

    /// The states of at most `limit` connections, by integration, name and place.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_states(
        &mut self,
        selection: &HealthSelection,
        limit: i64,
    ) -> Result<Vec<(ConnectionId, HealthState)>, StoreError> {
        let mut bounds = Bounds::default();
        let state = selection.shown_state_sql(self.engine, &mut bounds);
        let from = selection.rows_sql(self.engine, &mut bounds);
        let limit = bounds.number(limit);
        let sql =
            format!("SELECT c.id, {state} AS known {from} ORDER BY c.integration, c.name_key, c.place LIMIT {limit}");
        let query = sqlx::query_as_with(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The groups of the connections, at most `limit`, those with the worst states first. With `state`, only the
    /// connections in this state are counted.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn health_groups(
        &mut self,
        selection: &HealthSelection,
        group: HealthGroup,
        state: Option<HealthState>,
        limit: i64,
    ) -> Result<HealthGroups, StoreError> {
        let mut bounds = Bounds::default();
        let name = match group {
            HealthGroup::Server => selection.connections.server_sql(&mut bounds),
            HealthGroup::Site => format!("COALESCE(s.name, {})", bounds.text(SHARED)),
            HealthGroup::Tenant => "COALESCE(c.tenant, '')".to_owned(),
        };
        let known = selection.shown_state_sql(self.engine, &mut bounds);
        let from = selection.rows_sql(self.engine, &mut bounds);
        let wanted = state.map_or_else(|| "1 = 1".to_owned(), |state| format!("known = '{state}'"));
        let states = HealthState::WORST_FIRST;
        let count = |state: &HealthState| format!("COUNT(CASE WHEN known = '{state}' THEN 1 END)");
        let counts: Vec<_> = states.iter().map(count).collect();
        let rank: Vec<_> = states.iter().zip(0..).map(|(state, rank)| format!("WHEN '{state}' THEN {rank}")).collect();
        let limit = bounds.number(limit);
        let array = match self.engine {
            Engine::Sqlite => "json_array",
            Engine::Postgres => "json_build_array",
        };
        let sql = format!(
            "SELECT {} FROM (
                 SELECT name, {array}({}) AS counts, COUNT(*) OVER () AS groups
                 FROM (SELECT {name} AS name, {known} AS known {from}) rated WHERE {wanted}
                 GROUP BY name ORDER BY MIN(CASE known {} END), name{} LIMIT {limit}) shown",
            self.engine.gathered(&format!("name, {}, groups", self.engine.as_json("counts"))),
            counts.join(", "),
            rank.join(" "),
            self.engine.bytewise(),
        );
        let query = sqlx::query_scalar_with(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        let rows: String = query.fetch_one(&mut *self.connection).await?;
        let rows: Vec<HealthGroupRow> = serde_json::from_str(&rows)?;
        let all = rows.first().map_or(0, |HealthGroupRow(_, _, all)| *all);
        let groups = rows.into_iter().map(|HealthGroupRow(name, counts, _)| {
            let counts = states.iter().copied().zip(counts).filter(|(_, count)| *count > 0);
            (name, counts.collect())
        });
        Ok(HealthGroups { groups: groups.collect(), all })
    }

    /// The connections in a state, by integration, name and place: at most `limit` after the first `offset`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connections_in_state(
        &mut self,
        selection: &HealthSelection,
        state: HealthState,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let mut bounds = Bounds::default();
        let known = selection.shown_state_sql(self.engine, &mut bounds);
        let from = selection.rows_sql(self.engine, &mut bounds);
        // A few connections in a bad state are found by the index of states.
        let is_few = matches!(state, HealthState::Failing | HealthState::Recovering | HealthState::Degraded);
        let by_index = is_few && selection.unusable_agents.is_empty();
        let indexed = if by_index { format!("AND h.state = '{state}'") } else { String::new() };
        let (limit, offset) = (bounds.number(limit), bounds.number(offset));
        let sql = format!(
            "SELECT c.id {from} AND {known} = '{state}' {indexed}
             ORDER BY c.integration, c.name_key, c.place LIMIT {limit} OFFSET {offset}"
        );
        let query = sqlx::query_scalar_with(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The uptimes of connections up to `now`. Days begin `offset` hours before the days of UTC.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn uptimes(
        &mut self,
        connections: &[ConnectionId],
        now: Moment,
        offset: i64,
    ) -> Result<HashMap<ConnectionId, Uptimes>, StoreError> {
        let sql = format!(
            "SELECT {} FROM (
                 SELECT connection_id AS a, day AS b, CAST(SUM(passed) AS BIGINT) AS c, CAST(SUM(failed) AS BIGINT) AS d,
                        CAST(SUM(CASE WHEN hour > $5 THEN passed ELSE 0 END) AS BIGINT) AS e,
                        CAST(SUM(CASE WHEN hour > $5 THEN failed ELSE 0 END) AS BIGINT) AS f,
                        CAST(SUM(CASE WHEN hour > $6 THEN passed ELSE 0 END) AS BIGINT) AS g,
                        CAST(SUM(CASE WHEN hour > $6 THEN failed ELSE 0 END) AS BIGINT) AS h
                 FROM (SELECT connection_id, (hour + $2) / 24 AS day, hour, passed, failed FROM check_hours
                       WHERE connection_id IN ({}) AND hour > $3 AND hour <= $4) hours
                 GROUP BY connection_id, day) days",
            self.engine.packed("a, b, c, d, e, f, g, h", "a, b"),
            self.engine.integers_of("$1"),
        );
        let hour = now.hours();
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .bind(identifiers(connections))
            .bind(offset)
            .bind(hour - 30 * DAY_HOURS)
            .bind(hour)
            .bind(hour - 7 * DAY_HOURS)
            .bind(hour - DAY_HOURS);
        let rows: String = query.fetch_one(&mut *self.connection).await?;
        let mut found: HashMap<ConnectionId, Uptimes> = HashMap::new();
        for DayRow(connection_id, day, passed, failed, week_passed, week_failed, day_passed, day_failed) in
            serde_json::from_str::<Vec<DayRow>>(&rows)?
        {
            let uptimes = found.entry(connection_id).or_default();
            for (sum, passed, failed) in [
                (&mut uptimes.month, passed, failed),
                (&mut uptimes.week, week_passed, week_failed),
                (&mut uptimes.day, day_passed, day_failed),
            ] {
                *sum = Uptime { passed: sum.passed + passed, failed: sum.failed + failed };
            }
            uptimes.days.push(DayUptime { connection_id, day, uptime: Uptime { passed, failed } });
        }
        Ok(found)
    }
}
