//! Remove Linked Incidents: removes links of an incident with other incidents.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_connector::name::quoted;
use soar_store::model::{Caller, IncidentId, Moment, Right};
use soar_store::{LockedIncident, Neighbour, Records};

use super::access::{Actor, Sites};
use super::bulk::{BulkCommand, Decision};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, items};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct RemoveLinkedIncidents;

#[derive(Debug)]
pub(super) struct Removed {
    source: LockedIncident,
    items: Vec<Selected>,
    /// The numbers of the linked incidents after the removal that the caller may see.
    left: Vec<String>,
}

impl Decision for Removed {
    fn surroundings(&self) -> String {
        format!("{:?}", self.source)
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let change = || vec![FieldChange::new("Linked Incident", &self.source.number, "")];
        self.items.iter().map(|item| item.planned(|_| change())).collect()
    }
}

#[async_trait]
impl BulkCommand for RemoveLinkedIncidents {
    const NAME: &'static str = "Remove Linked Incidents";
    const ENDPOINT: &'static str = "RemoveLinkedIncidents";
    type Decision = Removed;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Removed, Refusal> {
        let numbers = items::numbers(parameters, "Linked Incident Numbers to be Removed")?;
        let source = parameters.text("Source Incident Number").unwrap_or_default();
        if source.is_empty() {
            return Err(Refusal::Because(
                "Source Incident Number is empty: expected the number of an incident, since a remote call has no \
                 current incident."
                    .to_owned(),
            ));
        }
        let actor = Actor::find(records, caller, parameters).await?;
        let sites = Sites::load(records).await?;
        // The source is locked together with the other incidents in one order, to avoid a deadlock.
        let asks_itself = numbers.iter().any(|number| number == source);
        let mut wanted = numbers;
        if !asks_itself {
            wanted.push(source.to_owned());
        }
        let mut items = select(records, caller, &actor, &sites, wanted).await?;
        let position = items.iter().position(|item| item.number == source);
        let source = match position.and_then(|position| items.get(position)) {
            Some(Selected { refusal: Some(refusal), .. }) => return Err(Refusal::Because(refusal.clone())),
            Some(Selected { incident: Some(incident), .. }) => incident.clone(),
            _ => return Err(Refusal::Because(format!("There is no incident {}.", quoted(source)))),
        };
        if !asks_itself {
            items.pop();
        }
        let neighbours = records.neighbours(&[source.id]).await?;
        let linked: HashMap<IncidentId, &Neighbour> = neighbours.iter().map(|other| (other.id, other)).collect();
        for item in &mut items {
            if item.accepted().is_some_and(|incident| !linked.contains_key(&incident.id)) {
                item.refusal = Some("The source incident is not linked to this incident.".to_owned());
            }
        }
        let going: Vec<IncidentId> = items.iter().filter_map(Selected::accepted).map(|incident| incident.id).collect();
        let left = neighbours.iter().filter(|other| !going.contains(&other.id));
        let left = left.filter(|other| caller.may(Right::SeeIncidents, other.site_id));
        let left = left.map(|other| other.number.clone()).collect();
        Ok(Removed { source, items, left })
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Removed, now: Moment) -> Result<Answer, Refusal> {
        let mut ids: Vec<IncidentId> =
            decision.items.iter().filter_map(Selected::accepted).map(|incident| incident.id).collect();
        if !ids.is_empty() {
            records.unlink_incidents(decision.source.id, &ids).await?;
            ids.push(decision.source.id);
            records.touch_incidents(&ids, now).await?;
        }
        let (done, failed) = outcome(&decision.items);
        let errors: Vec<_> =
            failed.iter().map(|(number, why)| json!({ "Incident Number": number, "Error message": why })).collect();
        let mut answer = items::answer(done, &failed);
        // The space at the end is as D3 documents.
        let current = format!("Current linked Incident(s) of Incident {} ", decision.source.number);
        let mut shown = json!({ "Status": answer.return_data, "Data": { current: decision.left } });
        if !errors.is_empty() {
            shown["ErrorData"] = errors.into();
        }
        answer.shown = Some(shown);
        Ok(answer)
    }
}
