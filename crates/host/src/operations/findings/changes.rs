//! Operations on the log of changes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use soar_store::model::{FindingChange, FindingChangeKind, FindingSequence, Moment};
use soar_store::{FindingChangeCount, FindingSpan, LogPosition, Records, StoreError};
use utoipa::ToSchema;

use super::super::{OperationError, Operations, RequestContext, full_page};
use crate::findings::formats::ChangeShown;

/// The pause between two looks at the log while a caller waits for changes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The longest wait for changes.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The most changes of one finding that a difference is made of.
const MOST_OF_ONE: i64 = 1_000;

/// Which changes to read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ChangesSince {
    /// After the change with this number. From the first one that is left if it is 0 or not given.
    pub after: Option<FindingSequence>,
    /// At most this many.
    pub limit: i64,
    /// How long to wait for a change if there is none, up to 60 s.
    pub wait: Duration,
}

/// Changes in the order of their numbers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingChangePage {
    /// The changes.
    pub changes: Vec<ChangeShown>,
    /// The number up to which the log was read: the value of `after` for the next page.
    #[schema(value_type = i64)]
    pub through: FindingSequence,
}

/// A time span.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its first moment.
    pub from: Moment,
    /// The moment after its last one.
    pub to: Moment,
}

/// What a time span changed about one finding.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDifference {
    /// The change from the begin of the span to its end.
    pub net: FindingChangeKind,
    /// The last change in the span, with the status before the span.
    #[serde(flatten)]
    pub last: FindingChange,
}

/// What a time span changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDifferences {
    /// One entry per finding, in the order of the last changes.
    pub differences: Vec<FindingDifference>,
    /// The value of `after` for the next page; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub next: Option<FindingSequence>,
}

impl Operations {
    /// Changes of findings after a number, as far as the caller may see them. Each change is read once by a caller that
    /// goes on from `through`.
    ///
    /// # Errors
    /// [`OperationError::NotInLog`] when the log cannot go on from the number.
    pub async fn finding_changes(
        &self,
        context: &RequestContext,
        wanted: ChangesSince,
    ) -> Result<FindingChangePage, OperationError> {
        let until = tokio::time::Instant::now() + wanted.wait.min(LONGEST_WAIT);
        loop {
            let (changes, through) = self.changes_now(context, wanted).await?;
            if !changes.is_empty() || tokio::time::Instant::now() + POLL_INTERVAL > until {
                let changes = self.shown_changes(changes).await?;
                return Ok(FindingChangePage { changes, through });
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn changes_now(
        &self,
        context: &RequestContext,
        wanted: ChangesSince,
    ) -> Result<(Vec<FindingChange>, FindingSequence), OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        let after = match wanted.after.filter(|after| after.0 > 0) {
            None => records.finding_log().await?.pruned_through,
            Some(after) => match records.log_position(after).await? {
                LogPosition::Valid => after,
                LogPosition::Pruned(go_on_from) => {
                    let why =
                        format!("The changes up to {go_on_from} were deleted, so changes after {after} are missing.");
                    return Err(OperationError::NotInLog { why, go_on_from });
                }
                LogPosition::Beyond(go_on_from) => {
                    let why = format!(
                        "The number {after} is not in the log. It is a number of another instance, or of a store that a \
                         restored backup replaced: changes after {go_on_from} that were read there are not in this log."
                    );
                    return Err(OperationError::NotInLog { why, go_on_from });
                }
            },
        };
        Ok(records.finding_changes(&feeds, after, wanted.limit).await?)
    }

    /// At most `limit` changes of a time span that the caller may see, the latest first.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn finding_changes_in(
        &self,
        context: &RequestContext,
        span: &FindingSpan,
        limit: i64,
    ) -> Result<(Vec<ChangeShown>, Option<FindingSequence>), OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        let found = records.finding_changes_in(&feeds, span, limit).await?;
        let next = full_page(&found, limit).map(|change| change.sequence);
        Ok((self.shown_changes(found).await?, next))
    }

    /// The number of changes of each kind in a time span, of those that the caller may see.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn finding_change_counts(
        &self,
        context: &RequestContext,
        span: Span,
    ) -> Result<Vec<FindingChangeCount>, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        Ok(records.finding_change_counts(&feeds, (span.from, span.to)).await?)
    }

    /// What a time span changed: one entry per finding that is not as it was before.
    ///
    /// # Errors
    /// [`OperationError`].
    pub async fn finding_differences(
        &self,
        context: &RequestContext,
        span: Span,
        after: Option<FindingSequence>,
        limit: i64,
    ) -> Result<FindingDifferences, OperationError> {
        let mut reader = self.reader(context).await?;
        let mut records = reader.records();
        let feeds = self.seen_feeds(context, &mut records).await?;
        let after = after.unwrap_or(FindingSequence(0));
        let found = records.finding_changes_between(&feeds, (span.from, span.to), after, limit).await?;
        let next = full_page(&found, limit).map(|change| change.sequence);
        let mut differences = Vec::new();
        for last in found {
            let Some(net) = net_of(&last) else { continue };
            if net != FindingChangeKind::Changed || is_other(&mut records, &last, span).await? {
                differences.push(FindingDifference { net, last });
            }
        }
        Ok(FindingDifferences { differences, next })
    }
}

/// A changed field, as the log has it.
#[derive(Deserialize)]
struct ChangedField {
    field: String,
    from: Value,
    to: Value,
}

/// Whether a field of a finding has another value after the last change in a span than before the first one.
async fn is_other(records: &mut Records<'_>, last: &FindingChange, span: Span) -> Result<bool, StoreError> {
    let Some(parts) = soar_store::finding_id_parts(&last.finding_id) else { return Ok(true) };
    let changes = records.changes_of_finding(parts, MOST_OF_ONE).await?;
    if full_page(&changes, MOST_OF_ONE).is_some() {
        return Ok(true);
    }
    let mut fields = BTreeMap::new();
    for change in changes.iter().filter(|change| change.at >= span.from && change.at < span.to) {
        let changed: Vec<ChangedField> =
            serde_json::from_str(change.fields.get()).map_err(|error| StoreError::Unreadable(error.to_string()))?;
        for ChangedField { field, from, to } in changed {
            fields.entry(field).or_insert((from, Value::Null)).1 = to;
        }
    }
    Ok(fields.values().any(|(from, to)| from != to))
}

/// The change from the status before a span to the last change in it. `None` where the finding is as it was.
fn net_of(last: &FindingChange) -> Option<FindingChangeKind> {
    let was_closed = last.before.as_deref().map(|before| matches!(before, "fixed" | "gone"));
    let is_closed = matches!(last.kind, FindingChangeKind::Fixed | FindingChangeKind::Gone);
    match (was_closed, is_closed) {
        // It came and went within the span.
        (None, true) if last.kind == FindingChangeKind::Gone => None,
        (None | Some(false), true) => Some(last.kind),
        (None, false) => Some(FindingChangeKind::Opened),
        (Some(true), true) => None,
        (Some(true), false) => Some(FindingChangeKind::Reopened),
        (Some(false), false) => Some(FindingChangeKind::Changed),
    }
}
