//! One step of a rule: it handles some changes in one transaction, together with the number up to which it has come. After a
//! crash the rule goes on from that number, so it does nothing twice.

use soar_store::model::{FindingChangeKind, FindingRuleId, FindingSequence, FindingsEvent, FindingsMessage, Moment};
use soar_store::{LogPosition, LoggedChange, Records, RuleCounts, StoreError, StoredRule};
use uuid::Uuid;

use super::acting::Acting;
use super::carry_out::{RuleStep, StepResult, audit, catch_up, close, write};
use super::checked::CheckedRule;
use super::desk::{Desk, DeskCounts};
use super::rule::Rule;
use super::service::{Rules, WAITS};
use crate::Refusal;
use crate::findings::Enrichment;

/// The changes of one step.
const BATCH_SIZE: i64 = 500;

/// The incidents that one step closes.
const CLOSED_TOGETHER: i64 = 50;

/// Reads and checks a stored rule.
pub(super) fn checked(stored: &StoredRule) -> Result<CheckedRule, StoreError> {
    let rule: Rule = serde_json::from_str(&stored.content)?;
    CheckedRule::new(rule).map_err(StoreError::Unreadable)
}

impl Rules {
    /// Handles some changes. Returns whether there may be more to do now.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was done.
    pub(super) async fn step(&self, id: FindingRuleId) -> Result<bool, Refusal> {
        let before = match self.store.reader().await?.records().finding_rule(id).await {
            Err(StoreError::NotFound { .. }) => return Ok(false),
            found => found?,
        };
        let checked = checked(&before)?;
        let enrichment = self.values_for(&checked).await?;
        let mut transaction = self.store.transaction().await?;
        let mut records = transaction.records();
        let Some(stored) = records.lock_finding_rule(id).await? else { return Ok(false) };
        if stored.version != before.version {
            return Ok(true);
        }
        match handle(&mut records, self, &stored, &checked, &enrichment).await {
            Ok(goes_on) => {
                transaction.commit().await?;
                Ok(goes_on)
            }
            Err(error) => {
                // The reason is written to the rule next, which must not be locked then. A rollback that fails adds nothing.
                let _ = transaction.roll_back().await;
                Err(error)
            }
        }
    }
}

/// Handles some changes in the transaction of `records`.
async fn handle(
    records: &mut Records<'_>,
    rules: &Rules,
    stored: &StoredRule,
    checked: &CheckedRule,
    enrichment: &Enrichment,
) -> Result<bool, Refusal> {
    let now = records.now().await?;
    let last = records.finding_log().await?.last_sequence;
    // A rule whose user is not active waits with its number, also while changes after it are deleted from the log.
    let acting = Acting::load(records, &rules.connections, stored.user_id, checked.owner()).await;
    let acting = acting.map_err(|refused| match refused {
        Refusal::Unable(why) => Refusal::Unable(format!("{why} The changes after {} wait until then.", stored.after)),
        refused => refused,
    })?;
    if let LogPosition::Pruned(next) | LogPosition::Beyond(next) = records.log_position(stored.after).await? {
        let problem = format!("The changes after {} are not in the log. The rule goes on from {next}.", stored.after);
        tracing::warn!(rule = stored.name, "{problem}");
        records.finding_rule_handled(stored.id, next, Some(&problem)).await?;
        catch_up(records, &rules.connections, stored, checked).await?;
        return Ok(true);
    }
    let step = RuleStep { stored, checked, acting: &acting, now };
    let (changes, through) = records.changes_for_rule(&acting.feeds, stored.after, Moment::MIN, BATCH_SIZE).await?;
    let is_read = through >= last;
    let desk = decide(records, &step, changes, enrichment).await?;
    let mut done = write(records, &step, &desk.drafts).await?;
    for (collection, counts) in &desk.counts {
        if let Some(collection_id) = *collection {
            let DeskCounts { made, left_out } = *counts;
            records.set_rule_counts(stored.id, RuleCounts { collection_id, made, left_out }).await?;
        }
    }
    if !desk.alerts.is_empty() {
        let message = FindingsMessage { findings: desk.alerts, ..message(&step, 0) };
        done.alerts += send(records, checked, &message).await?;
    }
    if stored.problem.as_deref().is_some_and(|problem| problem.starts_with(WAITS)) {
        records.clear_rule_problem(stored.id).await?;
    }
    records.finding_rule_handled(stored.id, through, desk.problem.as_deref()).await?;
    let closed = if is_read { close_fixed(records, &step, &mut done).await? } else { 0 };
    tell_left_out(records, &step, &mut done, through).await?;
    audit(records, &step, &done).await?;
    Ok(!is_read || closed == CLOSED_TOGETHER)
}

/// Decides about changes, with the open incidents that they concern.
async fn decide<'r>(
    records: &mut Records<'_>,
    step: &RuleStep<'r>,
    changes: Vec<LoggedChange>,
    enrichment: &Enrichment,
) -> Result<Desk<'r>, Refusal> {
    let mut judged = Vec::with_capacity(changes.len());
    for change in changes {
        judged.push(step.checked.judge(change, step.acting, enrichment)?);
    }
    let mut desk = Desk::new(step.checked);
    if judged.is_empty() {
        return Ok(desk);
    }
    let mut collections: Vec<_> = judged.iter().filter_map(|one| one.logged.collection_id).collect();
    collections.dedup();
    for counts in records.rule_counts(step.stored.id, &collections).await? {
        let RuleCounts { collection_id, made, left_out } = counts;
        desk.counts.insert(Some(collection_id), DeskCounts { made, left_out });
    }
    if step.checked.incident().is_some() {
        let subjects: Vec<_> = judged.iter().filter_map(|one| Some(one.met.as_ref()?.subject.clone())).collect();
        let findings: Vec<_> = judged.iter().map(|one| one.entry.finding_id.clone()).collect();
        let (mut open, held) = records.open_rule_incidents(step.stored.id, &subjects, &findings).await?;
        // A user may have moved an incident to a site on which the rule's user changes nothing.
        open.retain(|incident| step.acting.may_change(incident.site_id));
        desk.open(open, held);
        let changed = judged.iter().filter(|one| one.kind() == FindingChangeKind::Changed && one.met.is_some());
        let changed: Vec<_> = changed.map(|one| one.entry.finding_id.clone()).collect();
        if !changed.is_empty() {
            desk.held.extend(records.findings_held_by_rule(step.stored.id, &changed).await?);
        }
    }
    for one in judged {
        desk.take(one);
    }
    Ok(desk)
}

/// Closes incidents whose findings are all fixed. Returns how many it tried to close.
async fn close_fixed(records: &mut Records<'_>, step: &RuleStep<'_>, done: &mut StepResult) -> Result<i64, Refusal> {
    let ripe = records.closable_incidents(step.stored.id, CLOSED_TOGETHER).await?;
    for number in &ripe {
        close(records, step, number, done).await?;
    }
    Ok(i64::try_from(ripe.len()).unwrap_or(CLOSED_TOGETHER))
}

/// Sends one alert about the findings beyond the limit of each collection that has ended.
async fn tell_left_out(
    records: &mut Records<'_>,
    step: &RuleStep<'_>,
    done: &mut StepResult,
    through: FindingSequence,
) -> Result<(), Refusal> {
    for RuleCounts { collection_id, made, left_out } in records.take_left_out(step.stored.id).await? {
        let what = if step.checked.incident().is_some() { "incidents were made" } else { "findings were in alerts" };
        let problem = format!(
            "Collection {collection_id}: {made} {what}, which is the rule's limit. {left_out} further findings met the rule, \
             and nothing was done about them."
        );
        tracing::warn!(rule = step.stored.name, "{problem}");
        records.finding_rule_handled(step.stored.id, through, Some(&problem)).await?;
        done.alerts += send(records, step.checked, &message(step, left_out)).await?;
    }
    Ok(())
}

fn message(step: &RuleStep<'_>, left_out: i64) -> FindingsMessage {
    let rule = step.checked.rule.name.clone();
    FindingsMessage { event: FindingsEvent::Findings, rule, at: step.now, left_out, findings: Vec::new() }
}

/// Stores a message to each destination of a rule. Returns their number.
async fn send(records: &mut Records<'_>, checked: &CheckedRule, message: &FindingsMessage) -> Result<i64, StoreError> {
    let mut sent = 0;
    for destination in &checked.destinations {
        records.create_findings_message(&Uuid::now_v7().to_string(), destination, message).await?;
        sent += 1;
    }
    Ok(sent)
}
