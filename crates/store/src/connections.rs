//! Connections in the store.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::{Records, StoreError, schedules};
use crate::model::{Connection, Destination, HealthCheck, NamedSite, Owner, Place};

/// A connection to be made or changed, checked by [`crate::connections`].
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The integration's stable name.
    pub integration: String,
    /// Its name.
    pub name: String,
    /// The site, or none when it is shared to internal sites.
    pub site: Option<i64>,
    /// For one that is shared: the site that its events go to.
    pub recipient: Option<i64>,
    /// The proxy agent.
    pub agent_name: Option<String>,
    /// What it is for.
    pub description: String,
    /// The tenant.
    pub tenant: Option<String>,
    /// Whether commands run on it.
    pub active: bool,
    /// How often it is tested.
    pub health_check: Option<HealthCheck>,
    /// Who may use it; empty for everybody with the right.
    pub users: Vec<i64>,
}

/// What must be known of a connection to find out whether a tenant gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shareable {
    /// Its number.
    pub id: i64,
    /// The name of its integration.
    pub integration: String,
    /// Its name.
    pub name: String,
    /// None when it is shared to internal sites.
    pub site: Option<String>,
    /// What the form's field Tenant says.
    pub tenant: Option<String>,
}

/// Which connections are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// All connections.
    All,
    /// The connection of this number.
    Id(i64),
    /// Those of the site, and those shared to internal sites if it is one.
    On {
        /// The site's number.
        site: i64,
        /// Whether the site is internal.
        is_internal: bool,
    },
}

impl Wanted {
    /// For `$1` to `$3` of [`CONDITION`].
    fn values(self) -> [i64; 3] {
        match self {
            Self::All => [0, 0, 0],
            Self::Id(id) => [id, 0, 0],
            Self::On { site, is_internal } => [0, site, i64::from(is_internal)],
        }
    }
}

const CONDITION: &str = "($1 = 0 OR c.id = $1) AND ($2 = 0 OR c.place = $2 OR (c.place = 0 AND $3 = 1))";

impl Records<'_> {
    /// Makes a connection without parameters. `now` is in milliseconds since 1970.
    pub async fn create_connection(&mut self, new: &NewConnection, now: i64) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "INSERT INTO connections (integration, name, name_key, site_id, place, recipient_site_id, agent_name,
                 description, tenant, active, health_check_minutes, health_check_email, version, created_at, modified_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13)
             RETURNING id",
        )
        .bind(&new.integration)
        .bind(&new.name)
        .bind(new.name.to_lowercase())
        .bind(new.site)
        .bind(new.site.unwrap_or(0))
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
        let id = row.try_get(0)?;
        self.set_connection_users(id, &new.users).await?;
        Ok(id)
    }

    /// Raises a connection's version, which keeps others from changing it until the transaction ends.
    pub async fn touch_connection(&mut self, id: i64, now: i64) -> Result<(), StoreError> {
        let changed = sqlx::query("UPDATE connections SET version = version + 1, modified_at = $1 WHERE id = $2")
            .bind(now)
            .bind(id)
            .execute(&mut *self.connection)
            .await?;
        if changed.rows_affected() == 0 { Err(StoreError::not_found("connection", id.to_string())) } else { Ok(()) }
    }

    /// Writes all of a connection but its parameters and its integration.
    pub async fn change_connection(&mut self, id: i64, new: &NewConnection) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE connections SET name = $1, name_key = $2, site_id = $3, place = $4, recipient_site_id = $5,
                 agent_name = $6, description = $7, tenant = $8, active = $9, health_check_minutes = $10,
                 health_check_email = $11
             WHERE id = $12",
        )
        .bind(&new.name)
        .bind(new.name.to_lowercase())
        .bind(new.site)
        .bind(new.site.unwrap_or(0))
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

    async fn set_connection_users(&mut self, id: i64, users: &[i64]) -> Result<(), StoreError> {
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

    /// Deletes a connection and its secrets; its runs stay.
    pub async fn delete_connection(&mut self, id: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connections WHERE id = $1").bind(id).execute(&mut *self.connection).await?;
        Ok(())
    }

    /// The connections that are wanted, by integration, name and place.
    pub async fn connections(&mut self, wanted: Wanted) -> Result<Vec<Connection>, StoreError> {
        let sql = format!(
            "SELECT c.id, c.integration, c.name, c.site_id, s.name, c.recipient_site_id, r.name, c.agent_name,
                 c.description, c.tenant, c.active, c.health_check_minutes, c.health_check_email, c.version,
                 c.created_at, c.modified_at, h.alert_to, h.alert_after, h.slow_ms, m.name, m.region,
                 o.master_connection
             FROM connections c
             LEFT JOIN received_connections o ON o.connection_id = c.id
             LEFT JOIN masters m ON m.id = o.master_id
             LEFT JOIN schedules h ON h.connection_id = c.id AND h.kind = 'Health Check'
             LEFT JOIN sites s ON s.id = c.site_id
             LEFT JOIN sites r ON r.id = c.recipient_site_id
             WHERE {CONDITION}
             ORDER BY c.integration, c.name_key, c.place"
        );
        let mut connections: Vec<_> =
            self.of_connections(sql, wanted).await?.iter().map(read).collect::<Result<_, _>>()?;
        // After the connections, so that what is newer than they say is never taken for older.
        let sql = format!(
            "SELECT u.connection_id, u.user_id, n.name FROM connection_users u
             JOIN connections c ON c.id = u.connection_id JOIN users n ON n.id = u.user_id
             WHERE {CONDITION} ORDER BY n.name_key"
        );
        let mut users: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for row in self.of_connections(sql, wanted).await? {
            users.entry(row.try_get(0)?).or_default().push((row.try_get(1)?, row.try_get(2)?));
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

    /// All connections that are this instance's own, by their numbers.
    pub async fn shareable_connections(&mut self) -> Result<Vec<Shareable>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id, c.integration, c.name, s.name, c.tenant FROM connections c
             LEFT JOIN sites s ON s.id = c.site_id
             WHERE NOT EXISTS (SELECT 1 FROM received_connections o WHERE o.connection_id = c.id) ORDER BY c.id",
        )
        .fetch_all(&mut *self.connection)
        .await?;
        let read = |row: &AnyRow| {
            Ok(Shareable {
                id: row.try_get(0)?,
                integration: row.try_get(1)?,
                name: row.try_get(2)?,
                site: row.try_get(3)?,
                tenant: row.try_get(4)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The connection of that number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection(&mut self, id: i64) -> Result<Connection, StoreError> {
        // Numbers start at 1, and 0 would ask for all.
        let found = if id > 0 { self.connections(Wanted::Id(id)).await?.pop() } else { None };
        found.ok_or_else(|| StoreError::not_found("connection", id.to_string()))
    }

    /// The numbers and versions of all connections.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connection_versions(&mut self) -> Result<Vec<(i64, i64)>, StoreError> {
        let rows = sqlx::query("SELECT id, version FROM connections").fetch_all(&mut *self.connection).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The version of the connection of that number, which rises with every change.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn connection_version(&mut self, id: i64) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT version FROM connections WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut *self.connection)
            .await?;
        let row = row.ok_or_else(|| StoreError::not_found("connection", id.to_string()))?;
        Ok(row.try_get(0)?)
    }

    pub(super) async fn of_connections(&mut self, sql: String, wanted: Wanted) -> Result<Vec<AnyRow>, StoreError> {
        let [id, site, shared] = wanted.values();
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(site).bind(shared);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// Rows of connections' parameters that are wanted, as SQL.
    pub(super) fn parameters_sql() -> String {
        format!(
            "SELECT p.connection_id, p.name, p.kind, p.value FROM connection_parameters p
             JOIN connections c ON c.id = p.connection_id WHERE {CONDITION} ORDER BY p.connection_id, p.name"
        )
    }
}

fn read(row: &AnyRow) -> Result<Connection, StoreError> {
    let site = named(row, 3)?;
    let master: Option<String> = row.try_get(19)?;
    let owner = match master {
        Some(master) => Some(Owner { master, region: row.try_get(20)?, connection: row.try_get(21)? }),
        None => None,
    };
    Ok(Connection {
        id: row.try_get(0)?,
        integration: row.try_get(1)?,
        name: row.try_get(2)?,
        place: match site {
            Some(site) => Place::Site(site),
            None => Place::SharedToInternalSites { recipient: named(row, 5)? },
        },
        agent_name: row.try_get(7)?,
        description: row.try_get(8)?,
        tenant: row.try_get(9)?,
        owner,
        active: row.try_get::<i64, _>(10)? == 1,
        users: Vec::new(),
        health_check: health_check(row)?,
        parameters: Vec::new(),
        version: row.try_get(13)?,
        created_at: row.try_get(14)?,
        modified_at: row.try_get(15)?,
    })
}

/// How often it is tested; what the form has beside that is in its schedule, which is made with the connection.
fn health_check(row: &AnyRow) -> Result<Option<HealthCheck>, StoreError> {
    let Some(every_minutes) = row.try_get::<Option<i64>, _>(11)? else { return Ok(None) };
    let told: Vec<Destination> = match row.try_get::<Option<String>, _>(16)? {
        Some(told) => schedules::from_json(&told)?,
        None => Vec::new(),
    };
    let webhooks = told.into_iter().filter_map(|destination| match destination {
        Destination::Webhook(name) => Some(name),
        Destination::Mail(_) => None,
    });
    Ok(Some(HealthCheck {
        every_minutes,
        email: row.try_get(12)?,
        webhooks: webhooks.collect(),
        alert_after: row.try_get::<Option<i64>, _>(17)?.unwrap_or(HealthCheck::ALERT_AFTER),
        slow_ms: row.try_get::<Option<i64>, _>(18)?.unwrap_or(HealthCheck::SLOW_MS),
    }))
}

/// The site whose number and name are in two columns, if there is one.
fn named(row: &AnyRow, at: usize) -> Result<Option<NamedSite>, StoreError> {
    let id: Option<i64> = row.try_get(at)?;
    let name: Option<String> = row.try_get(at + 1)?;
    Ok(id.zip(name).map(|(id, name)| NamedSite { id, name }))
}
