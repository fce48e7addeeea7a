//! Link Incident to Existing Cases: adds incidents to cases.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::model::{Caller, CaseId, IncidentId, Moment, Right};
use soar_store::{LockedCase, Records, StoreError};

use super::access::{Actor, Sites};
use super::bulk::{BulkCommand, Decision};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, CommandResult, items};
use crate::Refusal;

/// The most links in one call.
const MOST_LINKS: usize = 100_000;

#[derive(Debug)]
pub(super) struct LinkIncidentToExistingCases;

#[derive(Debug)]
pub(super) struct Linked {
    actor: Actor,
    incidents: Vec<Selected>,
    cases: Vec<SelectedCase>,
    /// The number of existing links of each incident to the cases, and of each case to the incidents.
    by_incident: HashMap<IncidentId, i64>,
    by_case: HashMap<CaseId, i64>,
}

#[derive(Debug)]
struct SelectedCase {
    number: String,
    case: Option<LockedCase>,
    refusal: Option<String>,
}

impl SelectedCase {
    fn accepted(&self) -> Option<&LockedCase> {
        self.case.as_ref().filter(|_| self.refusal.is_none())
    }
}

impl Linked {
    fn incident_ids(&self) -> Vec<IncidentId> {
        self.incidents.iter().filter_map(Selected::accepted).map(|incident| incident.id).collect()
    }

    fn case_ids(&self) -> Vec<CaseId> {
        self.cases.iter().filter_map(SelectedCase::accepted).map(|case| case.id).collect()
    }
}

/// The ids with fewer than `all` links.
fn lacking<T: Copy + Eq + std::hash::Hash>(ids: &[T], links: &HashMap<T, i64>, all: usize) -> Vec<T> {
    let all = i64::try_from(all).unwrap_or(i64::MAX);
    ids.iter().copied().filter(|id| links.get(id).copied().unwrap_or(0) < all).collect()
}

impl Decision for Linked {
    fn surroundings(&self) -> String {
        self.actor.name.clone()
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let cases = self.case_ids().len();
        let changes = |links: Option<&i64>, all: usize, what: &str| {
            let now = links.copied().unwrap_or(0);
            if usize::try_from(now).is_ok_and(|now| now < all) {
                vec![FieldChange::new(what, now.to_string(), all.to_string())]
            } else {
                Vec::new()
            }
        };
        let mut planned: Vec<_> = self
            .incidents
            .iter()
            .map(|item| {
                item.planned(|incident| changes(self.by_incident.get(&incident.id), cases, "Links to these cases"))
            })
            .collect();
        let incidents = self.incident_ids().len();
        planned.extend(self.cases.iter().map(|item| {
            let changes =
                item.accepted().map(|case| changes(self.by_case.get(&case.id), incidents, "Links to these incidents"));
            let planned = PlannedItem {
                item: item.number.clone(),
                changes: changes.unwrap_or_default(),
                error: item.refusal.clone(),
            };
            (planned, format!("{:?}", item.case))
        }));
        planned
    }
}

#[async_trait]
impl BulkCommand for LinkIncidentToExistingCases {
    const NAME: &'static str = "Link Incident to Existing Cases";
    const ENDPOINT: &'static str = "LinkIncidentToExistingCases";
    type Decision = Linked;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Linked, Refusal> {
        let case_numbers = items::numbers(parameters, "Case Numbers")?;
        let incident_numbers = items::numbers(parameters, "Incident ID List")?;
        let links = case_numbers.len() * incident_numbers.len();
        if links > MOST_LINKS {
            return Err(Refusal::Because(format!(
                "{} incidents and {} cases need {links} links. One call may make at most {MOST_LINKS}. Send them in \
                 several calls.",
                incident_numbers.len(),
                case_numbers.len()
            )));
        }
        let actor = Actor::find(records, caller, parameters).await?;
        let sites = Sites::load(records).await?;
        let incidents = select(records, caller, &actor, &sites, incident_numbers).await?;
        let found = records.cases_for_change(&case_numbers).await?;
        let mut found: HashMap<_, _> = found.into_iter().map(|case| (case.number.clone(), case)).collect();
        let cases = case_numbers.into_iter().map(|number| {
            let Some(case) = found.remove(&number) else {
                let refusal = Some(StoreError::not_found("case", &number).to_string());
                return SelectedCase { number, case: None, refusal };
            };
            let refusal = actor.refusal(caller, "case", &number, case.site_id, &sites);
            let visible = caller.may(Right::SeeIncidents, case.site_id);
            SelectedCase { number, case: visible.then_some(case), refusal }
        });
        let cases = cases.collect();
        let mut linked = Linked { actor, incidents, cases, by_incident: HashMap::new(), by_case: HashMap::new() };
        (linked.by_incident, linked.by_case) =
            records.count_case_links(&linked.incident_ids(), &linked.case_ids()).await?;
        Ok(linked)
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Linked, now: Moment) -> Result<Answer, Refusal> {
        let (incidents, cases) = (decision.incident_ids(), decision.case_ids());
        let changed_incidents = lacking(&incidents, &decision.by_incident, cases.len());
        let changed_cases = lacking(&cases, &decision.by_case, incidents.len());
        if !changed_incidents.is_empty() {
            records.link_to_cases(&changed_incidents, &changed_cases, &decision.actor.name, now).await?;
            records.touch_incidents(&changed_incidents, now).await?;
            records.touch_cases(&changed_cases, now).await?;
        }
        let (linked, mut failed) = outcome(&decision.incidents);
        failed.extend(decision.cases.iter().filter_map(|item| Some((item.number.as_str(), item.refusal.as_deref()?))));
        // Incidents cannot be linked without a case, nor cases without an incident.
        let done = if cases.is_empty() || linked == 0 { 0 } else { linked + cases.len() };
        let mut answer = items::answer(done, &failed);
        if answer.return_data != CommandResult::Successful {
            let result = |refusal: &Option<String>| {
                if refusal.is_none() && done > 0 { CommandResult::Successful } else { CommandResult::Failed }
            };
            let message = |refusal: &Option<String>, other: &str| {
                refusal.clone().unwrap_or_else(|| {
                    if done > 0 { String::new() } else { format!("There is no {other} for the link.") }
                })
            };
            let incidents = decision.incidents.iter().map(|item| {
                json!({
                    "Incident Number": item.number, "Result": result(&item.refusal),
                    "Error Message": message(&item.refusal, "case"),
                })
            });
            let cases = decision.cases.iter().map(|item| {
                json!({
                    "Case Number": item.number, "Result": result(&item.refusal),
                    "Error Message": message(&item.refusal, "incident"),
                })
            });
            answer.context_data = Some(incidents.chain(cases).collect());
        }
        Ok(answer)
    }
}
