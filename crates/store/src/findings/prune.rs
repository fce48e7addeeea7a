//! Deletes in parts: changes that have expired, findings that are gone and whose last change has expired, and all rows of
//! tenants that nobody sees any more.

use crate::model::{FeedId, FindingSequence, Moment};
use crate::{Engine, Records, StoreError};

/// The tenants of connections that do not exist: the connection was deleted, or the tenant was removed.
const ORPHANS: &str = "SELECT id FROM finding_feeds
    WHERE NOT EXISTS (SELECT 1 FROM connections c WHERE c.id = finding_feeds.connection_id)";

impl Records<'_> {
    /// Deletes at most `limit` of the first changes that were written before `oldest`, and the findings that are gone and whose
    /// last change is one of these. Deletes at most `limit` collections that ended before `oldest` too. Returns the number of
    /// rows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune_findings(&mut self, oldest: Moment, limit: i64) -> Result<u64, StoreError> {
        let mut gone = self.prune_log(oldest, limit).await?;
        let old = sqlx::query(
            "DELETE FROM finding_collections WHERE id IN
                 (SELECT id FROM finding_collections WHERE ended_at < $1 ORDER BY id LIMIT $2)",
        );
        gone += old.bind(oldest).bind(limit).execute(&mut *self.connection).await?.rows_affected();
        Ok(gone)
    }

    async fn prune_log(&mut self, oldest: Moment, limit: i64) -> Result<u64, StoreError> {
        let bounds = self.finding_log().await?;
        // Only from the start of the log: a change from a wrong clock among newer ones stays.
        let query = sqlx::query_scalar::<_, Option<FindingSequence>>(
            "SELECT MAX(sequence) FROM (
                 SELECT sequence, at FROM finding_changes WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS first
             WHERE sequence < COALESCE((SELECT MIN(sequence) FROM (
                 SELECT sequence, at FROM finding_changes WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS young
                 WHERE at >= $3), 9223372036854775807)",
        );
        let query = query.bind(bounds.pruned_through).bind(limit).bind(oldest);
        let Some(through) = query.fetch_one(&mut *self.connection).await? else { return Ok(0) };
        // A collection locks the log before findings too. Another host may have deleted more meanwhile.
        let noted = sqlx::query("UPDATE finding_log SET pruned_through = $1 WHERE id = 1 AND pruned_through < $1")
            .bind(through);
        noted.execute(&mut *self.connection).await?;
        let gone = self.prune_gone_findings(through).await?;
        let deleted = sqlx::query("DELETE FROM finding_changes WHERE sequence <= $1").bind(through);
        Ok(gone + deleted.execute(&mut *self.connection).await?.rows_affected())
    }

    /// Deletes the findings that are gone and whose last change is one of the changes up to `through`, which are deleted too.
    /// The log names these findings, so that no other finding is read.
    async fn prune_gone_findings(&mut self, through: FindingSequence) -> Result<u64, StoreError> {
        if self.engine == Engine::Postgres {
            let query = sqlx::query(
                "DELETE FROM findings f USING finding_changes c
                 WHERE c.sequence <= $1 AND c.kind = 'gone' AND f.feed_id = c.feed_id AND f.device = c.device
                   AND f.finding = c.finding AND f.sequence = c.sequence AND f.listed = 0",
            );
            return Ok(query.bind(through).execute(&mut *self.connection).await?.rows_affected());
        }
        let query = sqlx::query_as::<_, (FeedId, String, String)>(
            "SELECT c.feed_id, c.device, c.finding FROM finding_changes c
             JOIN findings f ON f.feed_id = c.feed_id AND f.device = c.device AND f.finding = c.finding
             WHERE c.sequence <= $1 AND c.kind = 'gone' AND f.sequence = c.sequence AND f.listed = 0
             ORDER BY c.sequence",
        );
        let found = query.bind(through).fetch_all(&mut *self.connection).await?;
        let mut gone = 0;
        // SQLite would look up the rows of one statement by their tenants only.
        for (feed, device, finding) in found {
            let query = sqlx::query(
                "DELETE FROM findings
                 WHERE feed_id = $1 AND device = $2 AND finding = $3 AND listed = 0 AND sequence <= $4",
            );
            let query = query.bind(feed).bind(device).bind(finding).bind(through);
            gone += query.execute(&mut *self.connection).await?.rows_affected();
        }
        Ok(gone)
    }

    /// Deletes at most `limit` findings, devices, groups and changes of tenants that were removed or whose connection was
    /// deleted. The rows of the tenants themselves stay, since results of collections name them. The caller gives it a
    /// transaction of its own, so that no collection waits for it. Returns the number of rows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn prune_orphaned_findings(&mut self, limit: i64) -> Result<u64, StoreError> {
        let mut gone = 0;
        if let Some(feed) = self.orphan_in("findings").await? {
            let last = sqlx::query_as::<_, (String, String)>(
                "SELECT device, finding FROM (
                     SELECT device, finding FROM findings WHERE feed_id = $1 ORDER BY device, finding LIMIT $2) AS first
                 ORDER BY device DESC, finding DESC LIMIT 1",
            );
            let last = last.bind(feed).bind(limit).fetch_optional(&mut *self.connection).await?;
            if let Some((device, finding)) = last {
                let deleted = sqlx::query("DELETE FROM findings WHERE feed_id = $1 AND (device, finding) <= ($2, $3)");
                let deleted = deleted.bind(feed).bind(device).bind(finding);
                gone += deleted.execute(&mut *self.connection).await?.rows_affected();
            }
        }
        for (table, sql) in [
            (
                "finding_devices",
                "DELETE FROM finding_devices WHERE feed_id = $1
                     AND device IN (SELECT device FROM finding_devices WHERE feed_id = $1 LIMIT $2)",
            ),
            (
                "finding_groups",
                "DELETE FROM finding_groups WHERE feed_id = $1
                     AND (kind, name) IN (SELECT kind, name FROM finding_groups WHERE feed_id = $1 LIMIT $2)",
            ),
            (
                "finding_changes",
                "DELETE FROM finding_changes
                 WHERE sequence IN (SELECT sequence FROM finding_changes WHERE feed_id = $1 LIMIT $2)",
            ),
        ] {
            let Some(feed) = self.orphan_in(table).await? else { continue };
            let deleted = sqlx::query(sql).bind(feed).bind(limit);
            gone += deleted.execute(&mut *self.connection).await?.rows_affected();
        }
        Ok(gone)
    }

    /// The first tenant that nobody sees any more and that has rows in a table.
    async fn orphan_in(&mut self, table: &str) -> Result<Option<FeedId>, StoreError> {
        let sql = format!(
            "SELECT feed_id FROM {table} WHERE feed_id {} ORDER BY feed_id LIMIT 1",
            self.engine.among(ORPHANS)
        );
        Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_optional(&mut *self.connection).await?)
    }
}
