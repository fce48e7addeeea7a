//! Feeds: the tenants of connections.

use crate::model::{CollectionId, ConnectionId, FeedId, FindingFeed};
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

    /// The feed of a tenant of a connection, if there is one. Nobody removes it until the transaction ends.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn known_finding_feed(
        &mut self,
        connection: ConnectionId,
        tenant: &str,
    ) -> Result<Option<FeedId>, StoreError> {
        let sql = format!(
            "SELECT id FROM finding_feeds WHERE connection_id = $1 AND tenant = $2{}",
            self.engine.for_update()
        );
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(connection).bind(tenant.to_owned());
        Ok(query.fetch_optional(&mut *self.connection).await?)
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

    /// Removes the feed of a tenant of a connection, and returns it. It leaves the collections that are under way, and a host
    /// that reads the tenant can write nothing more. The feed then belongs to no connection, so that nobody sees its findings,
    /// and they are deleted in parts as those of a deleted connection are. A later feed of the tenant is another one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_finding_feed(
        &mut self,
        connection: ConnectionId,
        tenant: &str,
    ) -> Result<FindingFeed, StoreError> {
        let missing = || StoreError::not_found("collected tenant", tenant);
        let sql = format!("SELECT {COLUMNS} FROM finding_feeds WHERE connection_id = $1 AND tenant = $2");
        let query = sqlx::query_as::<_, FindingFeed>(sqlx::AssertSqlSafe(sql)).bind(connection).bind(tenant.to_owned());
        let feed = query.fetch_optional(&mut *self.connection).await?.ok_or_else(missing)?;
        // A host that ends a snapshot locks it before the feed and the collection.
        let mut collections = self.leave_open_collections(feed.id).await?;
        // No connection has a number below 0.
        let query = sqlx::query("UPDATE finding_feeds SET connection_id = -id WHERE id = $1 AND connection_id = $2");
        let moved = query.bind(feed.id).bind(connection).execute(&mut *self.connection).await?;
        if moved.rows_affected() == 0 {
            return Err(missing());
        }
        // The update waited for a collection of the tenant that was being recorded.
        collections.extend(self.leave_open_collections(feed.id).await?);
        collections.sort_unstable();
        let now = self.now().await?;
        for collection in collections {
            self.end_collection(collection, now).await?;
        }
        Ok(feed)
    }

    /// Deletes the snapshots of a feed in collections that are under way. Returns these collections.
    async fn leave_open_collections(&mut self, feed: FeedId) -> Result<Vec<CollectionId>, StoreError> {
        let query = sqlx::query_scalar(
            "DELETE FROM finding_snapshots
             WHERE feed_id = $1 AND collection_id IN (SELECT id FROM finding_collections WHERE ended_at IS NULL)
             RETURNING collection_id",
        );
        Ok(query.bind(feed).fetch_all(&mut *self.connection).await?)
    }
}
