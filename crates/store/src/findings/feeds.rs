//! Feeds: the tenants of connections.

use crate::model::{ConnectionId, FeedId, FindingFeed};
use crate::{Records, StoreError};

const COLUMNS: &str = "id, connection_id, tenant, tenant_name, baseline_at";

impl Records<'_> {
    /// The feed of a tenant of a connection. It is made if it is missing, and the tenant's name is kept up to date.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_feed_of(
        &mut self,
        connection: ConnectionId,
        tenant: &str,
        name: &str,
    ) -> Result<FindingFeed, StoreError> {
        let sql = format!(
            "INSERT INTO finding_feeds (connection_id, tenant, tenant_name) VALUES ($1, $2, $3)
             ON CONFLICT (connection_id, tenant) DO UPDATE SET tenant_name = excluded.tenant_name
             RETURNING {COLUMNS}"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(connection).bind(tenant.to_owned());
        Ok(query.bind(name.to_owned()).fetch_one(&mut *self.connection).await?)
    }

    /// All feeds, by id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_feeds(&mut self) -> Result<Vec<FindingFeed>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM finding_feeds ORDER BY id");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *self.connection).await?)
    }

    /// The feed with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn finding_feed(&mut self, id: FeedId) -> Result<FindingFeed, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM finding_feeds WHERE id = $1");
        let found = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&mut *self.connection).await?;
        found.ok_or_else(|| StoreError::not_found("feed", id.to_string()))
    }
}
