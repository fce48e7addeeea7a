//! Pages of connections: what a caller may see, filters, counts and names. Only the page's connections are read.

use super::bounds::Bounds;
use super::rows::identifiers;
use super::{ConnectionFilter, Engine, Records, StoreError};
use crate::columns::from_row;
use crate::model::name::{earlier_key, name_key};
use crate::model::{Connection, ConnectionId, SiteId, UserId};

/// The connections that a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisibleConnections {
    /// All connections.
    All,
    /// Some connections. A place is a site, or [`crate::SHARED_PLACE`].
    Of {
        /// The places of which the caller sees all connections.
        whole: Vec<SiteId>,
        /// The places of which the caller sees the connections with the caller on their list of users, or without a list.
        listed: Vec<SiteId>,
        /// The caller.
        user: UserId,
    },
}

/// Which connections a page has. A field that is not set does not limit them.
#[derive(Debug, Clone)]
pub struct ConnectionSelection {
    /// The connections that the caller may see.
    pub visible: VisibleConnections,
    /// Only connections with these ids.
    pub ids: Option<Vec<ConnectionId>>,
    /// Only connections of these places: sites, or [`crate::SHARED_PLACE`].
    pub places: Option<Vec<SiteId>>,
    /// Only connections of these integrations.
    pub integrations: Option<Vec<String>>,
    /// Only connections of this name, in the current and in the earlier form of comparison.
    pub name: Option<String>,
    /// Only connections that are active, or only those that are not.
    pub active: Option<bool>,
    /// Only connections that are shared with these tenants.
    pub tenant: Option<String>,
    /// Only connections with this text in the name, the site, the agent or the server.
    pub text: Option<String>,
    /// Only connections to this server.
    pub server: Option<String>,
    /// The settings that hold the address of a server: the integration, and the setting's name. The first one with a
    /// value counts.
    pub address_settings: Vec<(String, String)>,
}

impl ConnectionSelection {
    /// All connections that the caller may see.
    #[must_use]
    pub const fn of(visible: VisibleConnections) -> Self {
        Self {
            visible,
            ids: None,
            places: None,
            integrations: None,
            name: None,
            active: None,
            tenant: None,
            text: None,
            server: None,
            address_settings: Vec::new(),
        }
    }

    /// SQL for the server of the connection `c`, or its integration if it has no server.
    pub(super) fn server_sql(&self, bounds: &mut Bounds) -> String {
        let of_setting = |(integration, setting): &(String, String)| {
            let (integration, setting) = (bounds.text(integration), bounds.text(setting));
            format!(
                "(SELECT p.value FROM connection_parameters p
                  WHERE p.connection_id = c.id AND p.name = {setting} AND p.kind = 'Plain' AND c.integration = {integration})"
            )
        };
        let found: Vec<_> = self.address_settings.iter().map(of_setting).collect();
        if found.is_empty() {
            "c.integration".to_owned()
        } else {
            format!("COALESCE({}, c.integration)", found.join(", "))
        }
    }

    /// SQL for the condition on the connection `c` and its site `s`.
    pub(super) fn condition(&self, engine: Engine, bounds: &mut Bounds) -> String {
        let mut all = vec![self.visible.condition(engine, bounds)];
        if let Some(ids) = &self.ids {
            all.push(format!("c.id IN ({})", engine.integers_of(&bounds.text(identifiers(ids)))));
        }
        if let Some(places) = &self.places {
            all.push(format!("c.place IN ({})", engine.integers_of(&bounds.text(identifiers(places)))));
        }
        let texts = |texts: &[String]| serde_json::to_string(texts).unwrap_or_default();
        if let Some(integrations) = &self.integrations {
            all.push(format!("c.integration IN ({})", engine.texts_of(&bounds.text(texts(integrations)))));
        }
        if let Some(name) = &self.name {
            let keys = [name_key(name), earlier_key(name)];
            all.push(format!("c.name_key IN ({})", engine.texts_of(&bounds.text(texts(&keys)))));
        }
        if let Some(active) = self.active {
            all.push(format!("c.active = {}", i64::from(active)));
        }
        if let Some(tenant) = &self.tenant {
            all.push(format!("c.tenant = {}", bounds.text(tenant)));
        }
        if let Some(server) = &self.server {
            all.push(format!("{} = {}", self.server_sql(bounds), bounds.text(server)));
        }
        if let Some(text) = &self.text {
            let (key, lower) = (bounds.text(name_key(text)), bounds.text(text.trim().to_lowercase()));
            let server = format!("LOWER({})", self.server_sql(bounds));
            let texts = [
                engine.contains("c.name_key", &key),
                engine.contains("COALESCE(s.name_key, '')", &key),
                engine.contains("LOWER(COALESCE(c.agent_name, ''))", &lower),
                engine.contains(&server, &lower),
            ];
            all.push(format!("({})", texts.join(" OR ")));
        }
        all.join(" AND ")
    }
}

impl VisibleConnections {
    fn condition(&self, engine: Engine, bounds: &mut Bounds) -> String {
        let Self::Of { whole, listed, user } = self else { return "1 = 1".to_owned() };
        let mut places = |places: &[SiteId]| engine.integers_of(&bounds.text(identifiers(places)));
        let (whole, listed) = (places(whole), places(listed));
        let user = bounds.number(user.0);
        format!(
            "(c.place IN ({whole}) OR (c.place IN ({listed}) AND (
                 NOT EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id)
                 OR EXISTS (SELECT 1 FROM connection_users u WHERE u.connection_id = c.id AND u.user_id = {user}))))"
        )
    }
}

/// The connections of an integration.
struct OfIntegration {
    integration: String,
    connections: i64,
}

from_row! { OfIntegration: integration, connections }

/// A connection's name.
struct ConnectionNameRow {
    id: ConnectionId,
    name: String,
}

from_row! { ConnectionNameRow: id, name }

impl Records<'_> {
    /// The connections of the selection, by integration, name and place: at most `limit` after the first `offset`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connection_page(
        &mut self,
        selection: &ConnectionSelection,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<Connection>, StoreError> {
        let mut bounds = Bounds::default();
        let condition = selection.condition(self.engine, &mut bounds);
        let (limit, offset) = (bounds.number(limit), bounds.number(offset));
        let sql = format!(
            "SELECT c.id FROM connections c LEFT JOIN sites s ON s.id = c.site_id WHERE {condition}
             ORDER BY c.integration, c.name_key, c.place LIMIT {limit} OFFSET {offset}"
        );
        let query = sqlx::query_scalar_with(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        let ids: Vec<ConnectionId> = query.fetch_all(&mut *self.connection).await?;
        self.connections(ConnectionFilter::Ids(ids)).await
    }

    /// The number of connections of the selection.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_connections(&mut self, selection: &ConnectionSelection) -> Result<i64, StoreError> {
        let mut bounds = Bounds::default();
        let condition = selection.condition(self.engine, &mut bounds);
        let sql = format!(
            "SELECT CAST(COUNT(*) AS BIGINT) FROM connections c LEFT JOIN sites s ON s.id = c.site_id WHERE {condition}"
        );
        let query = sqlx::query_scalar_with(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        Ok(query.fetch_one(&mut *self.connection).await?)
    }

    /// The number of connections of the selection, by integration.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn count_by_integration(
        &mut self,
        selection: &ConnectionSelection,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut bounds = Bounds::default();
        let condition = selection.condition(self.engine, &mut bounds);
        let sql = format!(
            "SELECT c.integration, CAST(COUNT(*) AS BIGINT) AS connections FROM connections c
             LEFT JOIN sites s ON s.id = c.site_id WHERE {condition} GROUP BY c.integration"
        );
        let query = sqlx::query_as_with::<_, OfIntegration, _>(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.integration, row.connections)).collect())
    }

    /// The ids and names of the connections of the selection, by integration, name and place; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn connection_names(
        &mut self,
        selection: &ConnectionSelection,
        limit: i64,
    ) -> Result<Vec<(ConnectionId, String)>, StoreError> {
        let mut bounds = Bounds::default();
        let condition = selection.condition(self.engine, &mut bounds);
        let limit = bounds.number(limit);
        let sql = format!(
            "SELECT c.id, c.name FROM connections c LEFT JOIN sites s ON s.id = c.site_id WHERE {condition}
             ORDER BY c.integration, c.name_key, c.place LIMIT {limit}"
        );
        let query = sqlx::query_as_with::<_, ConnectionNameRow, _>(sqlx::AssertSqlSafe(sql), bounds.arguments()?);
        let rows = query.fetch_all(&mut *self.connection).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }
}
