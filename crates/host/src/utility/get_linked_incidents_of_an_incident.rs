//! Get Linked Incidents Of An Incident: the incident and all incidents that are directly or indirectly linked with it.

use std::collections::HashSet;

use async_trait::async_trait;
use serde_json::json;
use soar_connector::Parameters;
use soar_store::model::{Caller, Moment, Right};
use soar_store::{Records, StoreError};

use super::{Answer, CommandResult, MOST_ITEMS, UtilityCommand};
use crate::Refusal;

/// The greatest distance of an incident in links.
const DEEPEST: usize = 10;

#[derive(Debug)]
pub(super) struct GetLinkedIncidentsOfAnIncident;

#[async_trait]
impl UtilityCommand for GetLinkedIncidentsOfAnIncident {
    fn name(&self) -> &'static str {
        "Get Linked Incidents Of An Incident"
    }

    fn endpoint(&self) -> &'static str {
        "GetLinkedIncidentsOfAnIncident"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        _now: Moment,
    ) -> Result<Answer, Refusal> {
        let number = parameters.text("Incident Number").unwrap_or_default();
        let start = records.incident(number).await?;
        if !caller.may(Right::SeeIncidents, start.site_id) {
            return Err(StoreError::not_found("incident", number).into());
        }
        let mut seen = HashSet::from([start.id]);
        let mut numbers = vec![start.number];
        let mut edge = vec![start.id];
        for _ in 0..DEEPEST {
            if edge.is_empty() {
                break;
            }
            let next = records.neighbours(&edge).await?;
            // Links of incidents that the caller may not see are not followed, since that would reveal them.
            let next = next.into_iter().filter(|other| caller.may(Right::SeeIncidents, other.site_id));
            edge.clear();
            for other in next {
                if seen.insert(other.id) {
                    edge.push(other.id);
                    numbers.push(other.number);
                }
            }
            if numbers.len() > MOST_ITEMS {
                return Err(Refusal::Because(format!(
                    "More than {MOST_ITEMS} incidents are linked with this incident, which is the limit of an answer."
                )));
            }
        }
        let shown = json!({ "Status": CommandResult::Successful, "Data": numbers });
        Ok(Answer { shown: Some(shown), ..Answer::ended(CommandResult::Successful) })
    }
}
