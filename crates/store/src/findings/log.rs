//! Reads the log of changes of findings.

use crate::columns::from_row;
use crate::model::{FeedId, FindingChange, FindingSequence, Moment};
use crate::rows::identifiers;
use crate::{Records, StoreError};

/// The ends of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogBounds {
    /// The number of the last change.
    pub last_sequence: FindingSequence,
    /// The changes up to this number were deleted.
    pub pruned_through: FindingSequence,
}

from_row! { LogBounds: last_sequence, pruned_through }

/// Whether a consumer can go on from its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPosition {
    /// It can.
    Valid,
    /// Changes after its number were deleted. It can go on from this number.
    Pruned(FindingSequence),
    /// Its number was given out by a store that a restored backup replaced. It can go on from this number.
    Beyond(FindingSequence),
}

/// The columns of a change. `c` is its row and `f` its feed.
pub(super) const COLUMNS: &str =
    "c.sequence, c.at, c.kind, c.baseline, f.connection_id, f.tenant, f.tenant_name, c.before, c.reason,
    c.fields, c.content AS finding,
    CAST(c.feed_id AS TEXT) || '.' || c.device || '.' || c.finding AS finding_id";

impl Records<'_> {
    /// The ends of the log.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_log(&mut self) -> Result<LogBounds, StoreError> {
        let sql = "SELECT last_sequence, pruned_through FROM finding_log WHERE id = 1";
        Ok(sqlx::query_as(sql).fetch_one(&mut *self.connection).await?)
    }

    /// Whether a consumer that has read the changes up to `after` can go on.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn log_position(&mut self, after: FindingSequence) -> Result<LogPosition, StoreError> {
        let bounds = self.finding_log().await?;
        let query = sqlx::query_scalar::<_, FindingSequence>(
            "SELECT last_before FROM finding_log_gaps WHERE last_before < $1 AND first_after > $1
             ORDER BY last_before LIMIT 1",
        );
        let replaced = query.bind(after).fetch_optional(&mut *self.connection).await?;
        Ok(match replaced {
            Some(last_before) => LogPosition::Beyond(last_before.max(bounds.pruned_through)),
            None if after > bounds.last_sequence => LogPosition::Beyond(bounds.last_sequence),
            None if after < bounds.pruned_through => LogPosition::Pruned(bounds.pruned_through),
            None => LogPosition::Valid,
        })
    }

    /// At most `limit` changes of these tenants after `after`, in order, and the number up to which the log was read.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_changes(
        &mut self,
        feeds: &[FeedId],
        after: FindingSequence,
        limit: i64,
    ) -> Result<(Vec<FindingChange>, FindingSequence), StoreError> {
        // Numbers are given out in the order of commits, so all changes up to the last number can be read now.
        let last = self.finding_log().await?.last_sequence;
        let sql = format!(
            "SELECT {COLUMNS} FROM finding_changes c JOIN finding_feeds f ON f.id = c.feed_id
             WHERE c.sequence > $1 AND c.sequence <= $2 AND c.feed_id IN ({}) ORDER BY c.sequence LIMIT $4",
            self.engine.integers_of("$3")
        );
        let query = sqlx::query_as::<_, FindingChange>(sqlx::AssertSqlSafe(sql)).bind(after).bind(last);
        let changes = query.bind(identifiers(feeds)).bind(limit).fetch_all(&mut *self.connection).await?;
        let is_full = i64::try_from(changes.len()).is_ok_and(|found| found >= limit);
        let through = if is_full { changes.last().map_or(last, |change| change.sequence) } else { last.max(after) };
        Ok((changes, through))
    }

    /// The changes of one finding, the first one first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn changes_of_finding(
        &mut self,
        (feed, device, finding): (FeedId, &str, &str),
        limit: i64,
    ) -> Result<Vec<FindingChange>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM finding_changes c JOIN finding_feeds f ON f.id = c.feed_id
             WHERE c.feed_id = $1 AND c.device = $2 AND c.finding = $3 ORDER BY c.sequence LIMIT $4"
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(feed);
        let query = query.bind(device.to_owned()).bind(finding.to_owned()).bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The last change of each finding between two times, with the status before the first one. At most `limit`, in the
    /// order of the last changes after `after`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_changes_between(
        &mut self,
        feeds: &[FeedId],
        (from, to): (Moment, Moment),
        after: FindingSequence,
        limit: i64,
    ) -> Result<Vec<FindingChange>, StoreError> {
        let columns = COLUMNS
            .replace("c.before", "(SELECT b.before FROM finding_changes b WHERE b.sequence = e.first) AS before");
        let sql = format!(
            "SELECT {columns}
             FROM (SELECT MIN(sequence) AS first, MAX(sequence) AS last FROM finding_changes
                   WHERE at >= $1 AND at < $2 AND feed_id IN ({}) GROUP BY feed_id, device, finding) e
             JOIN finding_changes c ON c.sequence = e.last JOIN finding_feeds f ON f.id = c.feed_id
             WHERE e.last > $4 ORDER BY e.last LIMIT $5",
            self.engine.integers_of("$3")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(from).bind(to).bind(identifiers(feeds));
        Ok(query.bind(after).bind(limit).fetch_all(&mut *self.connection).await?)
    }

    /// Raises the counter of the log above all numbers that were given out after the backup, to a thousand times the
    /// current time in milliseconds. A consumer with a number between is told the number to go on from.
    pub(crate) async fn raise_finding_sequence(&mut self, now: Moment) -> Result<(), StoreError> {
        let last = self.finding_log().await?.last_sequence;
        let next = now.0.saturating_mul(1_000).max(last.0 + 1);
        let gap = sqlx::query(
            "INSERT INTO finding_log_gaps (last_before, first_after) VALUES ($1, $2)
                               ON CONFLICT (last_before) DO UPDATE SET first_after = excluded.first_after",
        );
        gap.bind(last).bind(next + 1).execute(&mut *self.connection).await?;
        let raised = sqlx::query("UPDATE finding_log SET last_sequence = $1 WHERE id = 1").bind(next);
        raised.execute(&mut *self.connection).await?;
        // A host of the replaced store may have made these snapshots since.
        let freed =
            sqlx::query("UPDATE finding_snapshots SET node = NULL, claimed_until = NULL WHERE ended_at IS NULL");
        freed.execute(&mut *self.connection).await?;
        Ok(())
    }
}
