//! Update Incidents' Owner in Bulk: changes the owner of incidents.

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::Records;
use soar_store::model::{Caller, IncidentId, Moment};

use super::access::{Actor, IncidentOwner, Sites};
use super::bulk::{BulkCommand, Decision};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, CommandResult, items};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct UpdateIncidentOwnerInBulk;

#[derive(Debug)]
pub(super) struct Owned {
    owner: IncidentOwner,
    items: Vec<Selected>,
}

impl Decision for Owned {
    fn surroundings(&self) -> String {
        format!("{:?}", self.owner)
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let owner = self.owner.name();
        let planned = self.items.iter().map(|item| {
            item.planned(|incident| {
                let now = incident.owner.clone().unwrap_or_default();
                if now == owner { Vec::new() } else { vec![FieldChange::new("Incident Owner", now, owner)] }
            })
        });
        planned.collect()
    }
}

#[async_trait]
impl BulkCommand for UpdateIncidentOwnerInBulk {
    const NAME: &'static str = "Update Incidents' Owner in Bulk";
    const ENDPOINT: &'static str = "UpdateIncidentOwnerInBulk";
    type Decision = Owned;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Owned, Refusal> {
        let numbers = items::numbers(parameters, "Incident Numbers")?;
        let owner = parameters.text("Owner").unwrap_or_default();
        if owner.is_empty() {
            return Err(Refusal::Because("Owner is empty: expected the name of the new owner.".to_owned()));
        }
        let actor = Actor::find(records, caller, parameters).await?;
        let owner = IncidentOwner::find(records, owner).await?;
        let sites = Sites::load(records).await?;
        let mut items = select(records, caller, &actor, &sites, numbers).await?;
        for item in &mut items {
            let Some(site) = item.accepted().map(|incident| incident.site_id) else { continue };
            item.refusal = owner.must_see(site, sites.name(site)).err();
        }
        Ok(Owned { owner, items })
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Owned, now: Moment) -> Result<Answer, Refusal> {
        let owner = decision.owner.name();
        let changing = decision.items.iter().filter_map(Selected::accepted);
        let changing = changing.filter(|incident| incident.owner.as_deref() != Some(owner));
        let ids: Vec<IncidentId> = changing.map(|incident| incident.id).collect();
        if !ids.is_empty() {
            records.own_incidents(&ids, owner, now).await?;
        }
        let rows = decision.items.iter().map(|item| match &item.refusal {
            None => {
                json!({ "Incident Number": item.number, "Incident Owner": owner, "Result": CommandResult::Successful })
            }
            Some(refusal) => {
                let owner = item.incident.as_ref().and_then(|incident| incident.owner.as_deref()).unwrap_or_default();
                json!({
                    "Incident Number": item.number, "Incident Owner": owner, "Result": CommandResult::Failed,
                    "Error Message": refusal,
                })
            }
        });
        let (done, failed) = outcome(&decision.items);
        Ok(Answer { context_data: Some(rows.collect()), ..items::answer(done, &failed) })
    }
}
