//! Connections in the store.

use std::collections::BTreeMap;

use sqlx::FromRow;
use sqlx::any::AnyRow;

use super::connection_rows::{ConnectionRow, ConnectionUser, ConnectionVersion, SHARED_PLACE};
use super::rows::identifiers;
use super::{Engine, Records, StoreError};
use crate::columns::from_row;
use crate::model::name::name_key;
use crate::model::{Connection, ConnectionId, HealthCheck, Moment, SiteId, UserId, Version};

/// A connection to be made or changed, which the host has checked.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The integration's stable name.
    pub integration: String,
    /// Its name.
    pub name: String,
    /// Its site. `None` when it is shared to internal sites.
    pub site: Option<SiteId>,
    /// The site that a shared connection's events go to.
    pub recipient: Option<SiteId>,
    /// The name of its proxy agent.
    pub agent_name: Option<String>,
    /// Its description.
    pub description: String,
    /// The tenants that it is shared with.
    pub tenant: Option<String>,
    /// Whether commands run on it.
    pub active: bool,
    /// How often the host tests it.
    pub health_check: Option<HealthCheck>,
    /// The users who may use it. If it is empty, everybody with the right may.
    pub users: Vec<UserId>,
}

/// The fields of a connection that decide whether a tenant gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shareable {
    /// Its id.
    pub id: ConnectionId,
    /// The name of its integration.
    pub integration: String,
    /// Its name.
    pub name: String,
    /// The name of its site. `None` when it is shared to internal sites.
    pub site: Option<String>,
    /// The form's field Tenant.
    pub tenant: Option<String>,
}

from_row! { Shareable: id, integration, name, site, tenant }

/// Which connections to read.
#[derive(Debug, Clone)]
pub enum ConnectionFilter {
    /// All connections.
    All,
    /// The connection with this id.
    Id(ConnectionId),
    /// The connections with these ids.
    Ids(Vec<ConnectionId>),
    /// The connections of a site, and the shared ones if the site is internal.
    On {
        /// The site's id.
        site: SiteId,
        /// Whether the site is internal.
        is_internal: bool,
    },
}

impl ConnectionFilter {
    /// SQL for the condition on the connection `c`, whose `$1` is [`ConnectionFilter::value`].
    fn condition(&self, engine: Engine) -> String {
        match self {
            Self::All => "$1 = ''".to_owned(),
            Self::Id(_) | Self::Ids(_) => format!("c.id IN ({})", engine.integers_of("$1")),
            Self::On { .. } => format!("c.place IN ({})", engine.integers_of("$1")),
        }
    }

    fn value(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Id(id) => identifiers(&[*id]),
            Self::Ids(ids) => identifiers(ids),
            Self::On { site, is_internal: false } => identifiers(&[*site]),
            Self::On { site, is_internal: true } => identifiers(&[*site, SHARED_PLACE]),
        }
    }
}

impl Records<'_> {
    /// Creates a connection without parameters.
    pub async fn create_connection(&mut self, new: &NewConnection, now: Moment) -> Result<ConnectionId, StoreError> {
        let id = sqlx::query_scalar(
            "INSERT INTO connections (integration, name, name_key, site_id, place, recipient_site_id, agent_name,
                 description, tenant, active, health_check_minutes, health_check_email, version, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13)
             RETURNING id",
        )
        .bind(&new.integration)
        .bind(&new.name)
        .bind(name_key(&new.name))
        .bind(new.site)
        .bind(new.site.map_or(0, |site| site.0))
        .bind(new.recipient)
        .bind(new.agent_name.as_deref())
        .bind(&new.description)
        .bind(new.tenant.as_deref())
        .bind(i64::from(new.active))
        .bind(new.health_check.as_ref().map(|check| check.every_minutes))
        .bind(new.health_check.as_ref().and_then(|check| check.email.as_deref()))
        .bind(now)
        .fetch_one(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "connection", &new.name))?;
        self.set_connection_users(id, &new.users).await?;
        Ok(id)
    }

    /// Raises a connection's version. This locks the connection until the transaction ends.
    pub async fn touch_connection(&mut self, id: ConnectionId, now: Moment) -> Result<(), StoreError> {
        let changed = sqlx::query("UPDATE connections SET version = version + 1, modified_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        if changed.rows_affected() == 0 { Err(StoreError::not_found("connection", id.to_string())) } else { Ok(()) }
    }

    /// Writes all fields of a connection except its parameters and its integration.
    pub async fn change_connection(&mut self, id: ConnectionId, new: &NewConnection) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE connections SET name = $1, name_key = CASE WHEN name = $1 THEN name_key ELSE $2 END, site_id = $3, place = $4, recipient_site_id = $5,
                 agent_name = $6, description = $7, tenant = $8, active = $9, health_check_minutes = $10,
                 health_check_email = $11
             WHERE id = $12",
        )
        .bind(&new.name)
        .bind(name_key(&new.name))
        .bind(new.site)
        .bind(new.site.map_or(0, |site| site.0))
        .bind(new.recipient)
        .bind(new.agent_name.as_deref())
        .bind(&new.description)
        .bind(new.tenant.as_deref())
        .bind(i64::from(new.active))
        .bind(new.health_check.as_ref().map(|check| check.every_minutes))
        .bind(new.health_check.as_ref().and_then(|check| check.email.as_deref()))
        .bind(id)
        .execute(&mut *self.connection)
        .await
        .map_err(|error| StoreError::or_duplicate(error, "connection", &new.name))?;
        self.set_connection_users(id, &new.users).await
    }

    async fn set_connection_users(&mut self, id: ConnectionId, users: &[UserId]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connection_users WHERE connection_id = $1")
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        for user in users {
            sqlx::query("INSERT INTO connection_users (connection_id, user_id) VALUES ($1, $2)")
                .bind(id)
                .bind(*user)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// Deletes a connection and its secrets. Its runs stay.
    pub async fn delete_connection(&mut self, id: ConnectionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connections WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The wanted connections, by integration, name and place.
    pub async fn connections(&mut self, wanted: ConnectionFilter) -> Result<Vec<Connection>, StoreError> {
        let condition = wanted.condition(self.engine);
        let sql = format!(
            "SELECT c.id, c.integration, c.name, c.site_id, s.name AS site_name, c.recipient_site_id,
                 r.name AS recipient_site_name, c.agent_name, c.description, c.tenant, c.active,
                 c.health_check_minutes, c.health_check_email, c.version, c.created_at, c.modified_at, h.alert_to,
                 h.alert_after, h.recover_after, h.slow_ms, m.name AS master, m.region AS master_region, o.master_connection
             FROM connections c
             LEFT JOIN received_connections o ON o.connection_id = c.id
             LEFT JOIN masters m ON m.id = o.master_id
             LEFT JOIN schedules h ON h.connection_id = c.id AND h.kind = 'Health Check'
             LEFT JOIN sites s ON s.id = c.site_id
             LEFT JOIN sites r ON r.id = c.recipient_site_id
             WHERE {condition}
             ORDER BY c.integration, c.name_key, c.place"
        );
        let rows = self.of_connections::<ConnectionRow>(sql, &wanted).await?;
        let mut connections: Vec<_> = rows.into_iter().map(Connection::from).collect();
        // The users are read after the connections: a newer list with an older version is harmless, since the next read
        // notices the new version.
        let sql = format!(
            "SELECT u.connection_id, u.user_id, n.name AS user_name FROM connection_users u
             JOIN connections c ON c.id = u.connection_id JOIN users n ON n.id = u.user_id
             WHERE {condition} ORDER BY n.name_key"
        );
        let mut users: BTreeMap<ConnectionId, Vec<_>> = BTreeMap::new();
        for row in self.of_connections::<ConnectionUser>(sql, &wanted).await? {
            users.entry(row.connection_id).or_default().push((row.user_id, row.user_name));
        }
        let mut parameters = self.connection_parameters(wanted).await?;
        for connection in &mut connections {
            connection.users = users.remove(&connection.id).unwrap_or_default();
            for stored in parameters.remove(&connection.id).unwrap_or_default() {
                connection.parameters.push(stored.shown()?);
            }
        }
        Ok(connections)
    }

    /// All connections of this instance that no master sent, by id.
    pub async fn shareable_connections(&mut self) -> Result<Vec<Shareable>, StoreError> {
        let query = sqlx::query_as(
            "SELECT c.id, c.integration, c.name, s.name AS site, c.tenant FROM connections c
             LEFT JOIN sites s ON s.id = c.site_id
             WHERE NOT EXISTS (SELECT 1 FROM received_connections o WHERE o.connection_id = c.id) ORDER BY c.id",
        );
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The connection with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection(&mut self, id: ConnectionId) -> Result<Connection, StoreError> {
        let found = self.connections(ConnectionFilter::Id(id)).await?.pop();
        found.ok_or_else(|| StoreError::not_found("connection", id.to_string()))
    }

    /// The ids and versions of all connections.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connection_versions(&mut self) -> Result<Vec<(ConnectionId, Version)>, StoreError> {
        let query = sqlx::query_as::<_, ConnectionVersion>("SELECT id, version FROM connections");
        let versions = query.fetch_all(&mut *self.connection).await?;
        Ok(versions.into_iter().map(|row| (row.id, row.version)).collect())
    }

    /// The version of the connection with this id, and the name of its agent. Each change raises the version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_version(&mut self, id: ConnectionId) -> Result<(Version, Option<String>), StoreError> {
        let query = sqlx::query_as("SELECT version, agent_name FROM connections WHERE id = $1").bind(id);
        let version = query.fetch_optional(&mut *self.connection).await?;
        version.ok_or_else(|| StoreError::not_found("connection", id.to_string()))
    }

    pub(super) async fn of_connections<T>(
        &mut self,
        sql: String,
        wanted: &ConnectionFilter,
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(wanted.value());
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// SQL for the parameters of the wanted connections.
    pub(super) fn parameters_sql(&self, wanted: &ConnectionFilter) -> String {
        let condition = wanted.condition(self.engine);
        format!(
            "SELECT p.connection_id, p.name, p.kind, p.value FROM connection_parameters p
             JOIN connections c ON c.id = p.connection_id WHERE {condition} ORDER BY p.connection_id, p.name"
        )
    }
}
