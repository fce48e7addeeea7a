//! The changes of a time span, and their number.

use crate::columns::from_row;
use crate::model::{FeedId, FindingChange, FindingChangeKind, FindingSequence, Moment};
use crate::rows::identifiers;
use crate::{Records, StoreError};

/// Which changes to read.
#[derive(Debug, Clone, Copy)]
pub struct FindingSpan {
    /// Written at this time or later.
    pub from: Moment,
    /// Written before this time.
    pub to: Moment,
    /// Of this kind. All unless given.
    pub kind: Option<FindingChangeKind>,
    /// Whether baselines are left out.
    pub without_baseline: bool,
    /// Before the change with this number: the next page.
    pub before: Option<FindingSequence>,
}

/// The number of changes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingChangeCount {
    /// The kind.
    pub kind: FindingChangeKind,
    /// The number of changes after the first whole snapshot of a tenant.
    pub changes: i64,
    /// The number of changes up to the first whole snapshot of a tenant.
    pub baseline: i64,
}

from_row! { FindingChangeCount: kind, changes, baseline }

/// The changes `c` of the tenants `$1` between the times `$2` and `$3`. The log has no index by time, so the snapshots of the
/// time give the numbers to look at.
const BETWEEN: &str = "c.at >= $2 AND c.at < $3
    AND c.sequence >= (SELECT COALESCE(MIN(s.first_sequence), 0) FROM finding_snapshots s
                       WHERE s.first_sequence IS NOT NULL AND (s.ended_at IS NULL OR s.ended_at >= $2))
    AND c.sequence <= (SELECT COALESCE(MAX(s.last_sequence), 0) FROM finding_snapshots s
                       WHERE s.first_sequence IS NOT NULL AND s.started_at < $3)";

impl Records<'_> {
    /// At most `limit` changes of these tenants in a time span, the latest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_changes_in(
        &mut self,
        feeds: &[FeedId],
        span: &FindingSpan,
        limit: i64,
    ) -> Result<Vec<FindingChange>, StoreError> {
        let sql = format!(
            "SELECT {} FROM finding_changes c JOIN finding_feeds f ON f.id = c.feed_id
             WHERE c.feed_id IN ({}) AND {BETWEEN} AND ($4 = '' OR c.kind = $4) AND c.baseline <= $5 AND c.sequence < $6
             ORDER BY c.sequence DESC LIMIT $7",
            super::log::COLUMNS,
            self.engine.integers_of("$1")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(feeds)).bind(span.from).bind(span.to);
        let query = query.bind(span.kind.map_or("", FindingChangeKind::as_str)).bind(i64::from(!span.without_baseline));
        let query = query.bind(span.before.unwrap_or(FindingSequence(i64::MAX))).bind(limit);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    /// The number of changes of each kind of these tenants in a time span. Kinds without changes are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn finding_change_counts(
        &mut self,
        feeds: &[FeedId],
        (from, to): (Moment, Moment),
    ) -> Result<Vec<FindingChangeCount>, StoreError> {
        let sql = format!(
            "SELECT c.kind, CAST(SUM(1 - c.baseline) AS BIGINT) AS changes, CAST(SUM(c.baseline) AS BIGINT) AS baseline
             FROM finding_changes c WHERE c.feed_id IN ({}) AND {BETWEEN} GROUP BY c.kind ORDER BY c.kind",
            self.engine.integers_of("$1")
        );
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(identifiers(feeds)).bind(from).bind(to);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}
