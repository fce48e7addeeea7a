//! Writes changes of findings: the rows of the findings and the entries of the log, in one transaction.

use serde::Serialize;
use serde_json::Value;

use super::collections::SnapshotClaim;
use super::staged::SnapshotRow;
use crate::model::{FindingChangeKind, GoneReason, Moment};
use crate::rows::InsertedValue;
use crate::{Engine, Records, StoreError};

/// A changed field of a finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewFieldChange {
    /// The field, as it is named in JSON.
    pub field: &'static str,
    /// The value before; null where it was not known.
    pub from: Value,
    /// The value now; null where it is not known.
    pub to: Value,
}

/// A finding to write.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedChange {
    /// The device, as the store knows it.
    pub device: String,
    /// The hash of the members that identify the finding on its device.
    pub finding: String,
    /// The kind of the change for the log. `None` where no field changed whose change is a change of the finding.
    pub kind: Option<FindingChangeKind>,
    /// The status before, or `gone`. `None` for a new finding.
    pub before: Option<String>,
    /// The reason of a finding that is gone.
    pub reason: Option<GoneReason>,
    /// The changed fields.
    pub fields: Vec<NewFieldChange>,
    /// The row of the snapshot. `None` for a finding that is gone.
    pub listed: Option<SnapshotRow>,
    /// The fields for the log, a JSON object.
    pub content: String,
}

/// Numbers of changes by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChangeCounts {
    /// The changes `opened`.
    pub opened: i64,
    /// The changes `changed`.
    pub changed: i64,
    /// The changes `fixed`.
    pub fixed: i64,
    /// The changes `gone`.
    pub gone: i64,
    /// The changes `reopened`.
    pub reopened: i64,
}

impl ChangeCounts {
    fn of(changes: &[AppliedChange]) -> Self {
        let count = |wanted| {
            let found = changes.iter().filter(|change| change.kind == Some(wanted)).count();
            i64::try_from(found).unwrap_or(i64::MAX)
        };
        Self {
            opened: count(FindingChangeKind::Opened),
            changed: count(FindingChangeKind::Changed),
            fixed: count(FindingChangeKind::Fixed),
            gone: count(FindingChangeKind::Gone),
            reopened: count(FindingChangeKind::Reopened),
        }
    }

    fn total(self) -> i64 {
        self.opened + self.changed + self.fixed + self.gone + self.reopened
    }
}

impl Records<'_> {
    /// Writes changes of the findings of a claimed snapshot.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another host has taken over the snapshot.
    pub async fn apply_finding_changes(
        &mut self,
        claim: &SnapshotClaim,
        changes: &[AppliedChange],
    ) -> Result<ChangeCounts, StoreError> {
        self.must_hold(claim).await?;
        self.mark_ungrouped(claim.feed.id).await?;
        self.drop_clean_pages().await?;
        let counts = ChangeCounts::of(changes);
        let now = self.now().await?;
        // The row of the counter is locked until the commit, so that numbers are given out in the order of commits.
        let query = sqlx::query_scalar::<_, i64>(
            "UPDATE finding_log SET last_sequence = last_sequence + $1 WHERE id = 1 RETURNING last_sequence",
        );
        let last = query.bind(counts.total()).fetch_one(&mut *self.connection).await?;
        let first = last - counts.total() + 1;
        let numbers = self.log_changes(claim, changes, first, now).await?;
        self.write_findings(claim, changes, &numbers, now).await?;
        self.add_texts(changes).await?;
        if counts.total() > 0 {
            self.count_changes(claim, counts, first, last).await?;
        }
        Ok(counts)
    }

    /// On SQLite, drops the pages of earlier changes from the connection's cache of 64 MB, which a large snapshot would
    /// fill with pages that are not read again.
    async fn drop_clean_pages(&mut self) -> Result<(), StoreError> {
        if self.engine == Engine::Sqlite {
            sqlx::query("PRAGMA shrink_memory").execute(&mut *self.connection).await?;
        }
        Ok(())
    }

    /// Adds the changes to the log from the number `first` on. Returns the number of each change.
    async fn log_changes(
        &mut self,
        claim: &SnapshotClaim,
        changes: &[AppliedChange],
        first: i64,
        now: Moment,
    ) -> Result<Vec<Option<i64>>, StoreError> {
        let mut next = first;
        let numbers: Vec<_> = changes
            .iter()
            .map(|change| {
                change.kind.map(|_| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let fields = changes.iter().map(|change| crate::columns::json(&change.fields));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let mut cells = Vec::new();
        for ((change, number), fields) in changes.iter().zip(&numbers).zip(&fields) {
            let (Some(kind), Some(number)) = (change.kind, number) else { continue };
            cells.extend([
                InsertedValue::Integer(*number),
                InsertedValue::Integer(claim.id.0),
                InsertedValue::Integer(claim.feed.id.0),
                InsertedValue::Text(&change.device),
                InsertedValue::Text(&change.finding),
                InsertedValue::Integer(now.0),
                InsertedValue::Text(kind.as_str()),
                InsertedValue::Integer(i64::from(claim.feed.baseline_at.is_none())),
                InsertedValue::MaybeText(change.before.as_deref()),
                InsertedValue::MaybeText(change.reason.map(GoneReason::as_str)),
                InsertedValue::Text(fields),
                InsertedValue::Text(&change.content),
            ]);
        }
        let columns =
            "sequence, snapshot_id, feed_id, device, finding, at, kind, baseline, before, reason, fields, content";
        self.insert_many_rows("finding_changes", columns, 12, &cells, "").await?;
        Ok(numbers)
    }

    async fn write_findings(
        &mut self,
        claim: &SnapshotClaim,
        changes: &[AppliedChange],
        numbers: &[Option<i64>],
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut cells = Vec::new();
        for (change, number) in changes.iter().zip(numbers) {
            let Some(listed) = &change.listed else {
                let query = sqlx::query(
                    "UPDATE findings SET listed = 0, changed_at = $1, sequence = $2
                     WHERE feed_id = $3 AND device = $4 AND finding = $5",
                );
                let query = query.bind(now).bind(number.unwrap_or_default()).bind(claim.feed.id);
                let query = query.bind(change.device.clone()).bind(change.finding.clone());
                query.execute(&mut *self.connection).await?;
                continue;
            };
            cells.extend([
                InsertedValue::Integer(claim.feed.id.0),
                InsertedValue::Text(&change.device),
                InsertedValue::Text(&change.finding),
                InsertedValue::Integer(listed.counted),
                InsertedValue::Integer(listed.kept),
                InsertedValue::Text(&listed.status),
                InsertedValue::Integer(1),
                InsertedValue::Text(&listed.cve),
                InsertedValue::Integer(now.0),
                InsertedValue::Integer(now.0),
                InsertedValue::Integer(number.unwrap_or_default()),
                InsertedValue::Text(&listed.content),
            ]);
        }
        let columns =
            "feed_id, device, finding, counted, kept, status, listed, cve, first_at, changed_at, sequence, content";
        // A row that is written without a change keeps the number and the time of its last change.
        let merge = "ON CONFLICT (feed_id, device, finding) DO UPDATE SET counted = excluded.counted,
                         kept = excluded.kept, status = excluded.status, listed = 1, cve = excluded.cve,
                         content = excluded.content,
                         changed_at = CASE WHEN excluded.sequence > 0 THEN excluded.changed_at ELSE findings.changed_at END,
                         sequence = CASE WHEN excluded.sequence > 0 THEN excluded.sequence ELSE findings.sequence END";
        self.insert_many_rows("findings", columns, 12, &cells, merge).await?;
        Ok(())
    }

    async fn count_changes(
        &mut self,
        claim: &SnapshotClaim,
        counts: ChangeCounts,
        first: i64,
        last: i64,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE finding_snapshots SET opened = opened + $1, changed = changed + $2, fixed = fixed + $3,
                 gone = gone + $4, reopened = reopened + $5, first_sequence = COALESCE(first_sequence, $6),
                 last_sequence = $7
             WHERE id = $8",
        );
        let query = query.bind(counts.opened).bind(counts.changed).bind(counts.fixed).bind(counts.gone);
        let query = query.bind(counts.reopened).bind(first).bind(last).bind(claim.id);
        query.execute(&mut *self.connection).await?;
        Ok(())
    }
}
