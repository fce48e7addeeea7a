//! Update Incidents' Site in Bulk: moves incidents to another site.

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::Records;
use soar_store::model::{Caller, IncidentId, Moment, Site};

use super::access::{Actor, Sites, site_for_change};
use super::bulk::{BulkCommand, Decision};
use super::plan::{FieldChange, PlannedItem};
use super::selection::{Selected, outcome, select};
use super::{Answer, CommandResult, items};
use crate::Refusal;

#[derive(Debug)]
pub(super) struct UpdateIncidentSiteInBulk;

#[derive(Debug)]
pub(super) struct Moved {
    sites: Sites,
    site: Site,
    items: Vec<Selected>,
}

impl Decision for Moved {
    fn surroundings(&self) -> String {
        format!("{:?}", self.site)
    }

    fn items(&self) -> Vec<(PlannedItem, String)> {
        let planned = self.items.iter().map(|item| {
            item.planned(|incident| {
                if incident.site_id == self.site.id {
                    return Vec::new();
                }
                vec![FieldChange::new("Site", self.sites.name(incident.site_id), &self.site.name)]
            })
        });
        planned.collect()
    }
}

#[async_trait]
impl BulkCommand for UpdateIncidentSiteInBulk {
    const NAME: &'static str = "Update Incidents' Site in Bulk";
    const ENDPOINT: &'static str = "UpdateIncidentSiteInBulk";
    type Decision = Moved;

    async fn decide(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Moved, Refusal> {
        let numbers = items::numbers(parameters, "Incident Numbers")?;
        let site = site_for_change(records, caller, parameters.text("Site").unwrap_or_default()).await?;
        let actor = Actor::find(records, caller, parameters).await?;
        let sites = Sites::load(records).await?;
        // Acting for another user needs the right on the present and on the new site.
        if let Some(refusal) = actor.refusal(caller, "site", &site.name, site.id, &sites) {
            return Err(Refusal::Because(refusal));
        }
        let items = select(records, caller, &actor, &sites, numbers).await?;
        Ok(Moved { sites, site, items })
    }

    async fn carry_out(&self, records: &mut Records<'_>, decision: Moved, now: Moment) -> Result<Answer, Refusal> {
        let moving = decision.items.iter().filter_map(Selected::accepted);
        let ids: Vec<IncidentId> =
            moving.filter(|incident| incident.site_id != decision.site.id).map(|incident| incident.id).collect();
        if !ids.is_empty() {
            records.move_incidents(&ids, decision.site.id, now).await?;
        }
        let rows = decision.items.iter().map(|item| match &item.refusal {
            // D3 documents the new site under `Incident Owner`. The host adds it as `Site`.
            None => json!({
                "Incident Number": item.number, "Incident Owner": decision.site.name, "Site": decision.site.name,
                "Result": CommandResult::Successful,
            }),
            Some(refusal) => {
                let site = item.incident.as_ref().map_or("", |incident| decision.sites.name(incident.site_id));
                json!({
                    "Incident Number": item.number, "Incident Owner": site, "Site": site, "Result": CommandResult::Failed,
                    "Error Message": refusal,
                })
            }
        });
        let (done, failed) = outcome(&decision.items);
        Ok(Answer { context_data: Some(rows.collect()), ..items::answer(done, &failed) })
    }
}
