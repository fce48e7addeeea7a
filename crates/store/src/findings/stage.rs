//! The stage: the rows of one snapshot in a temporary table on a connection of their own.
//!
//! The database keeps a temporary table outside of the store's file, without locks that others wait for, and drops it
//! with the connection. So reading for hours holds no lock, and a killed host leaves nothing behind.

use std::cmp::Reverse;
use std::fmt;

use soar_connector::FindingStatus;
use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::staged::{Difference, KnownRow, Settled, SnapshotRow, StagedFinding, Unlisted};
use crate::columns::from_row;
use crate::model::{FeedId, status_text};
use crate::rows::InsertedValue;
use crate::server_sessions::NO_COMPILATION;
use crate::with_timeout::{StatementConnection, WithTimeout};
use crate::{Engine, Records, Store, StoreError};

/// Rows of one statement that adds to the stage.
const ROWS: usize = 256;

struct DifferenceRow {
    device: String,
    finding: String,
    counted: i64,
    kept: i64,
    status: String,
    cve: String,
    content: String,
    old_counted: Option<i64>,
    old_status: Option<String>,
    old_listed: Option<i64>,
    old_content: Option<String>,
}

from_row! {
    DifferenceRow: device, finding, counted, kept, status, cve, content, old_counted, old_status, old_listed,
        old_content,
}

struct GoneRow {
    device: String,
    finding: String,
    counted: i64,
    status: String,
    content: String,
}

from_row! { GoneRow: device, finding, counted, status, content }

/// The rows of one snapshot. Dropping it drops the rows.
pub struct StagedSnapshot {
    pub(super) connection: AnyConnection,
    pub(super) store: Store,
    busy: bool,
    waiting: Vec<StagedFinding>,
}

impl fmt::Debug for StagedSnapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StagedSnapshot").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Store {
    /// An empty stage.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_stage(&self) -> Result<StagedSnapshot, StoreError> {
        let mut connection = AnyConnection::connect_with(&self.writers.connect_options()).await?;
        let collate = self.engine.bytewise();
        // Parts of the result are read one after the other, in the order of the keys. A hash or a sort of a million rows for each
        // would take longer than the rest.
        let (settings, without_rowid) = match self.engine {
            Engine::Sqlite => (
                "PRAGMA busy_timeout = 30000; PRAGMA temp_store = FILE; PRAGMA cache_size = -4096;
                 PRAGMA temp.cache_size = -4096;"
                    .to_owned(),
                " WITHOUT ROWID",
            ),
            Engine::Postgres => (
                format!(
                    "SET enable_hashjoin = off; SET enable_seqscan = off; SET enable_bitmapscan = off;
                     SET enable_sort = off; {NO_COMPILATION};"
                ),
                "",
            ),
        };
        connection.execute(sqlx::AssertSqlSafe(settings)).await?;
        let tables = format!(
            "CREATE TEMPORARY TABLE stage (
                 device TEXT{collate} NOT NULL, finding TEXT{collate} NOT NULL, counted BIGINT NOT NULL,
                 kept BIGINT NOT NULL, status TEXT NOT NULL, severity BIGINT NOT NULL, cve TEXT NOT NULL,
                 content TEXT NOT NULL, PRIMARY KEY (device, finding)){without_rowid};
             CREATE TEMPORARY TABLE stage_devices (
                 device TEXT{collate} PRIMARY KEY, name TEXT NOT NULL, address TEXT NOT NULL){without_rowid};
             CREATE INDEX stage_devices_by_name ON stage_devices (name, address);"
        );
        connection.execute(sqlx::AssertSqlSafe(tables)).await?;
        Ok(StagedSnapshot { connection, store: self.clone(), busy: false, waiting: Vec::new() })
    }
}

/// Of two rows of the same finding the one that is more open counts.
fn severity(status: FindingStatus) -> i64 {
    match status {
        FindingStatus::Reopened => 3,
        FindingStatus::Open => 2,
        FindingStatus::Suppressed => 1,
        FindingStatus::Fixed => 0,
    }
}

impl StagedSnapshot {
    pub(super) fn records(&mut self) -> Records<'_> {
        let connection =
            WithTimeout::new(StatementConnection::Any(&mut self.connection), self.store.timeout, &mut self.busy);
        let (clock, room) = (self.store.clock.clone(), self.store.room.clone());
        Records { connection, engine: self.store.engine, clock, room }
    }

    /// Adds a row. If the snapshot has the finding already, the row that is more open counts.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn add(&mut self, row: StagedFinding) -> Result<(), StoreError> {
        self.waiting.push(row);
        if self.waiting.len() >= ROWS { self.write().await } else { Ok(()) }
    }

    /// Writes the rows that wait.
    async fn write(&mut self) -> Result<(), StoreError> {
        let mut rows = std::mem::take(&mut self.waiting);
        // The same order in every snapshot, whatever order the product has. One statement may not touch a row twice.
        rows.sort_by(|one, other| {
            let rank = |row: &StagedFinding| (Reverse(severity(row.status)), row.counted);
            let keys = one.device.cmp(&other.device).then_with(|| one.finding.cmp(&other.finding));
            keys.then_with(|| rank(one).cmp(&rank(other)))
        });
        rows.dedup_by(|later, first| later.device == first.device && later.finding == first.finding);
        let mut cells = Vec::with_capacity(rows.len() * 8);
        let mut devices = Vec::new();
        for row in &rows {
            if devices.last().is_none_or(|last: &&StagedFinding| last.device != row.device) {
                devices.push(row);
            }
            cells.extend([
                InsertedValue::Text(&row.device),
                InsertedValue::Text(&row.finding),
                InsertedValue::Integer(row.counted),
                InsertedValue::Integer(row.kept),
                InsertedValue::Text(status_text(row.status)),
                InsertedValue::Integer(severity(row.status)),
                InsertedValue::Text(&row.cve),
                InsertedValue::Text(&row.content),
            ]);
        }
        let names = devices.iter().flat_map(|row| {
            [
                InsertedValue::Text(&row.device),
                InsertedValue::Text(&row.device_name),
                InsertedValue::Text(&row.device_address),
            ]
        });
        let names: Vec<_> = names.collect();
        let mut records = self.records();
        let merge = "ON CONFLICT (device, finding) DO UPDATE SET counted = excluded.counted, kept = excluded.kept,
                         status = excluded.status, severity = excluded.severity, cve = excluded.cve,
                         content = excluded.content
                     WHERE excluded.severity > stage.severity
                        OR (excluded.severity = stage.severity AND excluded.counted < stage.counted)";
        let columns = "device, finding, counted, kept, status, severity, cve, content";
        records.insert_many_rows("stage", columns, 8, &cells, merge).await?;
        let nothing = "ON CONFLICT (device) DO NOTHING";
        records.insert_rows("stage_devices", "device, name, address", 3, names, nothing).await?;
        Ok(())
    }

    /// Ends adding. Finds the devices that the product created again with another id, so that their findings stay the
    /// same, and records new devices.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn settle(&mut self, feed: FeedId, unlisted: &Unlisted) -> Result<Settled, StoreError> {
        self.end_adding().await?;
        self.settle_devices(feed, unlisted).await
    }

    /// Writes the rows that wait, and prepares the search for devices.
    pub(super) async fn end_adding(&mut self) -> Result<(), StoreError> {
        self.write().await?;
        if self.store.engine == Engine::Postgres {
            sqlx::query("ANALYZE stage_devices").execute(&mut *self.records().connection).await?;
        }
        Ok(())
    }

    /// Makes PostgreSQL read both tables side by side in the order of their keys. It would otherwise look up each row of one in
    /// the other, since the limit lets it expect that the first rows differ: three times as long.
    async fn compare_in_order(&mut self, is_on: bool) -> Result<(), StoreError> {
        if self.store.engine == Engine::Postgres {
            let sql = if is_on { "SET enable_nestloop = off" } else { "SET enable_nestloop = on" };
            sqlx::query(sql).execute(&mut *self.records().connection).await?;
        }
        Ok(())
    }

    /// At most `limit` findings after `after` whose row is new or not the known one, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn differences(
        &mut self,
        feed: FeedId,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Difference>, StoreError> {
        // PostgreSQL uses the order of the index only of a part of the query whose tenant is a constant.
        let findings = match self.store.engine {
            Engine::Sqlite => "findings",
            Engine::Postgres => {
                "(SELECT * FROM findings WHERE feed_id = $1 AND (device, finding) > ($2, $3)
                  ORDER BY device, finding OFFSET 0)"
            }
        };
        let sql = format!(
            "SELECT s.device, s.finding, s.counted, s.kept, s.status, s.cve, s.content, f.counted AS old_counted,
                    f.status AS old_status, f.listed AS old_listed, f.content AS old_content
             FROM stage s LEFT JOIN {findings} f
                 ON f.feed_id = $1 AND f.device = s.device AND f.finding = s.finding AND (f.device, f.finding) > ($2, $3)
             WHERE (s.device, s.finding) > ($2, $3) AND (f.kept IS NULL OR f.kept <> s.kept OR f.listed = 0)
             ORDER BY s.device, s.finding LIMIT $4",
        );
        let query = sqlx::query_as::<_, DifferenceRow>(sqlx::AssertSqlSafe(sql));
        let query = query.bind(feed).bind(after.0.to_owned()).bind(after.1.to_owned()).bind(limit);
        self.compare_in_order(true).await?;
        let rows = query.fetch_all(&mut *self.records().connection).await?;
        self.compare_in_order(false).await?;
        let difference = |row: DifferenceRow| Difference {
            device: row.device,
            finding: row.finding,
            before: row.old_counted.map(|counted| KnownRow {
                counted,
                status: row.old_status.unwrap_or_default(),
                listed: row.old_listed == Some(1),
                content: row.old_content.unwrap_or_default(),
            }),
            listed: Some(SnapshotRow {
                counted: row.counted,
                kept: row.kept,
                status: row.status,
                cve: row.cve,
                content: row.content,
            }),
        };
        Ok(rows.into_iter().map(difference).collect())
    }

    /// At most `limit` known findings after `after` that are not in the snapshot, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn missing(
        &mut self,
        feed: FeedId,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Difference>, StoreError> {
        let query = sqlx::query_as::<_, GoneRow>(
            "SELECT f.device, f.finding, f.counted, f.status, f.content
             FROM findings f LEFT JOIN stage s
                 ON s.device = f.device AND s.finding = f.finding AND (s.device, s.finding) > ($2, $3)
             WHERE f.feed_id = $1 AND (f.device, f.finding) > ($2, $3) AND f.listed = 1 AND s.kept IS NULL
             ORDER BY f.device, f.finding LIMIT $4",
        );
        let query = query.bind(feed).bind(after.0.to_owned()).bind(after.1.to_owned()).bind(limit);
        self.compare_in_order(true).await?;
        let rows = query.fetch_all(&mut *self.records().connection).await?;
        self.compare_in_order(false).await?;
        let gone = |row: GoneRow| Difference {
            device: row.device,
            finding: row.finding,
            before: Some(KnownRow { counted: row.counted, status: row.status, listed: true, content: row.content }),
            listed: None,
        };
        Ok(rows.into_iter().map(gone).collect())
    }

    /// Closes the connection, which drops the rows.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::TestStore;

    fn row(status: FindingStatus, counted: i64) -> StagedFinding {
        StagedFinding {
            device: "7".to_owned(),
            finding: "a".to_owned(),
            counted,
            kept: counted,
            status,
            cve: String::new(),
            content: "{}".to_owned(),
            device_name: String::new(),
            device_address: String::new(),
        }
    }

    #[tokio::test]
    async fn of_the_rows_of_a_finding_the_same_one_counts_in_each_order_in_one_statement_and_in_several() {
        use FindingStatus::{Fixed, Open, Suppressed};
        let rows = [row(Fixed, 1), row(Open, 3), row(Open, 2), row(Suppressed, 0), row(Open, 4)];
        for test in TestStore::on_both().await {
            for (is_reversed, in_several) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut rows = rows.to_vec();
                if is_reversed {
                    rows.reverse();
                }
                let mut stage = test.store.finding_stage().await.unwrap();
                for row in rows {
                    stage.add(row).await.unwrap();
                    if in_several {
                        stage.write().await.unwrap();
                    }
                }
                stage.write().await.unwrap();
                let found = stage.differences(FeedId(1), ("", ""), 10).await.unwrap();
                let found: Vec<_> = found.into_iter().filter_map(|difference| difference.listed).collect();
                let found: Vec<_> = found.iter().map(|row| (row.status.as_str(), row.counted)).collect();
                assert_eq!(found, [("open", 2)], "{is_reversed} {in_several}");
            }
        }
    }
}
