//! The reference of the bench of comparing findings: one bare SQL merge of the same rows.

use super::stage::StagedSnapshot;
use crate::model::FeedId;
use crate::{Engine, StoreError};

/// The columns that both sides have.
const COLUMNS: &str = "device, finding, counted, kept, status, cve, content";

impl StagedSnapshot {
    /// Makes the table of the reference, with the findings that are known of a tenant.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn bare_begin(&mut self, feed: FeedId) -> Result<(), StoreError> {
        let collate = self.store.engine.bytewise();
        let mut records = self.records();
        for sql in [
            "DROP TABLE IF EXISTS bare_findings".to_owned(),
            format!(
                "CREATE TABLE bare_findings (
                     device TEXT{collate} NOT NULL, finding TEXT{collate} NOT NULL, counted BIGINT NOT NULL,
                     kept BIGINT NOT NULL, status TEXT NOT NULL, cve TEXT NOT NULL, content TEXT NOT NULL,
                     listed BIGINT NOT NULL, PRIMARY KEY (device, finding))"
            ),
            format!(
                "INSERT INTO bare_findings ({COLUMNS}, listed)
                 SELECT {COLUMNS}, 1 FROM findings WHERE feed_id = {feed} ORDER BY device, finding"
            ),
            "ANALYZE bare_findings".to_owned(),
        ] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *records.connection).await?;
        }
        Ok(())
    }

    /// The bare merge: rows that differ are written, and rows that are not in the stage are marked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn bare_merge(&mut self) -> Result<u64, StoreError> {
        let is_server = self.store.engine == Engine::Postgres;
        let mut records = self.records();
        if is_server {
            // The reference has the server's own settings.
            sqlx::query("RESET ALL").execute(&mut *records.connection).await?;
            sqlx::query("ANALYZE stage").execute(&mut *records.connection).await?;
        }
        let merged = sqlx::query(
            "INSERT INTO bare_findings (device, finding, counted, kept, status, cve, content, listed)
             SELECT device, finding, counted, kept, status, cve, content, 1 FROM stage WHERE 1 = 1
             ON CONFLICT (device, finding) DO UPDATE SET counted = excluded.counted, kept = excluded.kept,
                 status = excluded.status, cve = excluded.cve, content = excluded.content, listed = 1
             WHERE bare_findings.kept <> excluded.kept OR bare_findings.listed = 0",
        );
        let written = merged.execute(&mut *records.connection).await?.rows_affected();
        let marked = sqlx::query(
            "UPDATE bare_findings SET listed = 0
             WHERE listed = 1 AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.device = bare_findings.device
                                              AND s.finding = bare_findings.finding)",
        );
        Ok(written + marked.execute(&mut *records.connection).await?.rows_affected())
    }
}
