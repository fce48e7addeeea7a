//! Link Incidents to A New Case: creates a case with linked incidents.

use async_trait::async_trait;
use jiff::tz::TimeZone;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::model::{Caller, IncidentId, Moment, Site};
use soar_store::{NewCase, NumberKind, Records, StoreError};

use super::access::{Actor, Sites, owner_on, site_for_change};
use super::bulk::{BulkCommand, Decision};
use super::dates::{day_of, parse_date_time, parse_zone};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, CommandResult, items};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct LinkIncidentsToNewCase;

#[derive(Debug)]
pub(super) struct Gathered {
    actor: Actor,
    site: Site,
    /// The case without its number, which is assigned at its creation.
    case: NewCase,
    items: Vec<Selected>,
}

impl Decision for Gathered {
    fn surroundings(&self) -> String {
        // The creation time is not part of the basis of the decision.
        let case = NewCase { created_at: Moment(0), modified_at: Moment(0), ..self.case.clone() };
        format!("{} {:?} {case:?}", self.actor.name, self.site)
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let link = || vec![FieldChange::new("Linked Case", "", "a new case")];
        self.items.iter().map(|item| item.planned(|_| link())).collect()
    }
}

fn because(name: &'static str) -> impl Fn(String) -> Refusal {
    move |problem| Refusal::Because(format!("{name}: {problem}."))
}

#[async_trait]
impl BulkCommand for LinkIncidentsToNewCase {
    const NAME: &'static str = "Link Incidents to A New Case";
    const ENDPOINT: &'static str = "LinkIncidentsToNewCase";
    type Decision = Gathered;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Gathered, Refusal> {
        let numbers = items::numbers(parameters, "Incident Numbers")?;
        let actor = Actor::find(records, caller, parameters).await?;
        let site = parameters.text("Case Owner's Site").unwrap_or(&caller.site.name);
        let site = site_for_change(records, caller, site).await?;
        let sites = Sites::load(records).await?;
        if let Some(refusal) = actor.refusal(caller, "site", &site.name, site.id, &sites) {
            return Err(Refusal::Because(refusal));
        }
        let text = |name: &str| parameters.text(name).unwrap_or_default().to_owned();
        let time_zone = text("Case Timezone");
        let zone = if time_zone.is_empty() {
            TimeZone::get(&site.time_zone).unwrap_or(TimeZone::UTC)
        } else {
            parse_zone(&time_zone).map_err(because("Case Timezone"))?
        };
        let reported = parameters.text("Case Reported Date").map(|date| parse_date_time(date, &zone));
        let reported_at = reported.transpose().map_err(because("Case Reported Date"))?;
        let owner = match parameters.text("Case Lead Investigators") {
            Some(name) => Some(owner_on(records, name, &site).await?),
            None => None,
        };
        let case = NewCase {
            case_type: text("Case Type"),
            owner,
            priority: text("Case Priority"),
            time_zone,
            reported_at,
            ..NewCase::open(String::new(), site.id, &actor.name, now)
        };
        case.check().map_err(StoreError::from)?;
        let items = select(records, caller, &actor, &sites, numbers).await?;
        Ok(Gathered { actor, site, case, items })
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Gathered, now: Moment) -> Result<Answer, Refusal> {
        let ids: Vec<IncidentId> =
            decision.items.iter().filter_map(Selected::accepted).map(|incident| incident.id).collect();
        let mut number = String::new();
        // No case is created without incidents.
        if !ids.is_empty() {
            number = records.next_number(NumberKind::Case, &day_of(now, &decision.site)).await?;
            let case = NewCase { number: number.clone(), ..decision.case };
            let cases = records.insert_cases(std::slice::from_ref(&case)).await?;
            records.link_to_cases(&ids, &cases, &decision.actor.name, now).await?;
            records.touch_incidents(&ids, now).await?;
        }
        let rows = decision.items.iter().map(|item| match &item.refusal {
            None => json!({
                "IncidentNumber": item.number, "LinkedCaseNumber": number, "UpdatedForm": [],
                "Result": CommandResult::Successful,
            }),
            Some(refusal) => json!({
                "IncidentNumber": item.number, "LinkedCaseNumber": "", "UpdatedForm": [], "Result": CommandResult::Failed,
                "Error Message": refusal,
            }),
        });
        let (done, failed) = outcome(&decision.items);
        let rows = rows.collect();
        let answer = items::answer(done, &failed);
        // D3 documents the number of the new case as `returnData`.
        let shown = (!number.is_empty()).then(|| number.clone().into());
        Ok(Answer { context_data: Some(rows), shown, ..answer })
    }
}
