//! Reads the log of changes for rules.

use super::log::COLUMNS;
use crate::columns::{Flag, from_row};
use crate::model::{CollectionId, FeedId, FindingChange, FindingSequence, Moment};
use crate::rows::identifiers;
use crate::{Records, StoreError};

/// A change with what a rule needs to know besides.
#[derive(Debug, Clone)]
pub struct LoggedChange {
    /// The change.
    pub change: FindingChange,
    /// The tenant of the connection.
    pub feed_id: FeedId,
    /// The hash of the members that identify the finding on its device.
    pub hash: String,
    /// The device, as the store knows it.
    pub device: String,
    /// The collection that wrote it. `None` after the collection was deleted.
    pub collection_id: Option<CollectionId>,
    /// Whether it is the last change of its snapshot.
    pub ends_snapshot: bool,
}

from_row! { LoggedChange: feed_id, hash, device, collection_id, ends_snapshot as Flag, ..change }

impl Records<'_> {
    /// At most `limit` changes of these tenants after `after` that were written since `from`, in order, and the number up
    /// to which the log was read.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn changes_for_rule(
        &mut self,
        feeds: &[FeedId],
        after: FindingSequence,
        from: Moment,
        limit: i64,
    ) -> Result<(Vec<LoggedChange>, FindingSequence), StoreError> {
        // Numbers are given out in the order of commits, so all changes up to the last number can be read now.
        let last = self.finding_log().await?.last_sequence;
        let sql = format!(
            "SELECT {COLUMNS}, c.feed_id, c.finding AS hash, c.device, s.collection_id,
                    CASE WHEN s.ended_at IS NOT NULL AND s.last_sequence = c.sequence THEN CAST(1 AS BIGINT)
                         ELSE CAST(0 AS BIGINT) END AS ends_snapshot
             FROM finding_changes c JOIN finding_feeds f ON f.id = c.feed_id
             LEFT JOIN finding_snapshots s ON s.id = c.snapshot_id
             WHERE c.sequence > $1 AND c.sequence <= $2 AND c.at >= $4 AND c.feed_id IN ({})
             ORDER BY c.sequence LIMIT $5",
            self.engine.integers_of("$3")
        );
        let query = sqlx::query_as::<_, LoggedChange>(sqlx::AssertSqlSafe(sql)).bind(after).bind(last);
        let query = query.bind(identifiers(feeds)).bind(from).bind(limit);
        let changes = query.fetch_all(&mut *self.connection).await?;
        let is_full = i64::try_from(changes.len()).is_ok_and(|found| found >= limit);
        let through = if is_full { changes.last().map(|last| last.change.sequence) } else { None };
        Ok((changes, through.unwrap_or_else(|| last.max(after))))
    }

    /// The number of the last change before `from`. Changes are looked up by number, since the log has no index of times.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn sequence_before(&mut self, from: Moment) -> Result<FindingSequence, StoreError> {
        let bounds = self.finding_log().await?;
        // All changes up to `low` are before `from`, and none after `high` is.
        let (mut low, mut high) = (bounds.pruned_through, bounds.last_sequence);
        while low < high {
            let middle = FindingSequence(low.0 + (high.0 - low.0) / 2);
            let query = sqlx::query_as::<_, (FindingSequence, Moment)>(
                "SELECT sequence, at FROM finding_changes WHERE sequence > $1 ORDER BY sequence LIMIT 1",
            );
            match query.bind(middle).fetch_optional(&mut *self.connection).await? {
                Some((sequence, at)) if at < from => low = sequence,
                _ => high = middle,
            }
        }
        Ok(low)
    }
}
