//! What a rule would have done about the changes of some days. Nothing is changed.

use std::time::Duration;

use serde::Serialize;
use soar_store::Store;
use soar_store::model::{Caller, IncidentFinding, Moment, Severity};
use utoipa::ToSchema;

use super::acting::Acting;
use super::checked::CheckedRule;
use super::desk::{Desk, Draft};
use super::service::Rules;
use crate::Refusal;
use crate::findings::Enrichment;

/// The changes that are read at once, and the most changes that a plan looks at.
const BATCH_SIZE: i64 = 2_000;
const MOST_CHANGES: i64 = 200_000;

/// The most incidents that a plan shows, and the most findings of each.
const MOST_INCIDENTS: usize = 1_000;
const MOST_FINDINGS: usize = 100;

/// The most days of a plan.
const MOST_DAYS: i64 = 400;

/// What a rule would have done about the changes of some days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RulePlan {
    /// The changes since this time were looked at.
    #[schema(value_type = i64)]
    pub from: Moment,
    /// The changes that were looked at.
    pub changes: i64,
    /// The findings that met the rule.
    pub met: i64,
    /// The incidents that it would have made.
    pub made: i64,
    /// The findings that it would have appended to an open incident.
    pub appended: i64,
    /// The incidents that it would have closed.
    pub closed: i64,
    /// The findings that it would have sent alerts about.
    pub alerted: i64,
    /// The findings beyond the limit per collection.
    pub left_out: i64,
    /// The incidents that it would have made, at most 1,000.
    pub incidents: Vec<PlannedIncident>,
    /// Whether there are more changes or incidents than the plan shows.
    pub is_cut: bool,
    /// Why the rule could not have done something, the last time that this would have happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// An incident that a rule would have made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedIncident {
    /// The title.
    pub title: String,
    /// The name of the site.
    pub site: String,
    /// The severity.
    pub severity: Severity,
    /// The owner.
    pub owner: String,
    /// The number of its findings.
    pub finding_count: usize,
    /// Its findings, at most 100.
    pub findings: Vec<IncidentFinding>,
}

impl PlannedIncident {
    fn of(draft: &Draft, acting: &Acting) -> Self {
        Self {
            title: crate::utility::cut_title(&draft.title),
            site: acting.site(draft.site).map_or_else(String::new, |site| site.name.clone()),
            severity: draft.severity,
            owner: draft.owner.clone(),
            finding_count: draft.findings.len(),
            findings: draft.findings.values().take(MOST_FINDINGS).cloned().collect(),
        }
    }
}

impl Rules {
    /// What a rule would have done about the changes of the last `days` days, as if it had been added before them.
    ///
    /// # Errors
    /// [`Refusal::Because`] for a number of days that is not from 1 to 400.
    pub(crate) async fn plan(&self, checked: &CheckedRule, caller: Caller, days: i64) -> Result<RulePlan, Refusal> {
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Refusal::Because(format!("days: expected 1 to {MOST_DAYS}, got {days}. Correct it.")));
        }
        let enrichment = self.values_for(checked).await?;
        let (acting, from) = {
            let mut reader = self.store.reader().await?;
            let mut records = reader.records();
            let days = Duration::from_secs(u64::try_from(days).unwrap_or_default() * 86_400);
            let acting = Acting::of(&mut records, &self.connections, caller, checked.owner()).await?;
            (acting, records.now().await? - days)
        };
        planned(&self.store, checked, &acting, &enrichment, from).await
    }
}

async fn planned(
    store: &Store,
    checked: &CheckedRule,
    acting: &Acting,
    enrichment: &Enrichment,
    from: Moment,
) -> Result<RulePlan, Refusal> {
    let mut desk = Desk::new(checked);
    let (mut changes, mut closed, mut is_cut) = (0, 0, false);
    let mut after = store.reader().await?.records().sequence_before(from).await?;
    loop {
        let mut reader = store.reader().await?;
        let (found, through) = reader.records().changes_for_rule(&acting.feeds, after, from, BATCH_SIZE).await?;
        drop(reader);
        let read = i64::try_from(found.len()).unwrap_or(i64::MAX);
        changes += read;
        for change in found {
            let ends_snapshot = change.ends_snapshot;
            desk.take(checked.judge(change, acting, enrichment)?);
            // The rule closes incidents once their tenants' snapshots have ended.
            if ends_snapshot {
                closed += desk.close_fixed();
            }
        }
        if read < BATCH_SIZE {
            break;
        }
        if changes >= MOST_CHANGES {
            is_cut = true;
            break;
        }
        after = through;
        tokio::task::yield_now().await;
    }
    closed += desk.close_fixed();
    let incidents: Vec<_> =
        desk.drafts.iter().take(MOST_INCIDENTS).map(|draft| PlannedIncident::of(draft, acting)).collect();
    Ok(RulePlan {
        from,
        changes,
        met: desk.met,
        made: i64::try_from(desk.drafts.len()).unwrap_or(i64::MAX),
        appended: desk.appended,
        closed,
        alerted: i64::try_from(desk.alerts.len()).unwrap_or(i64::MAX),
        left_out: desk.counts.values().map(|counts| counts.left_out).sum(),
        is_cut: is_cut || desk.drafts.len() > MOST_INCIDENTS,
        incidents,
        problem: desk.problem,
    })
}
