//! The incidents that a bulk command was given: found, locked, and checked against the caller's rights.

use soar_store::model::{Caller, Right};
use soar_store::{LockedIncident, Records, StoreError};

use super::access::{Actor, Sites};
use super::plan::{FieldChange, PlannedItem};

/// One of the incidents.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) number: String,
    /// None where it is not there, or not for the caller to see.
    pub(super) incident: Option<LockedIncident>,
    /// Why the command leaves it alone, if it does.
    pub(super) refusal: Option<String>,
}

impl Selected {
    /// The incident, unless the command leaves it alone.
    pub(super) fn accepted(&self) -> Option<&LockedIncident> {
        self.incident.as_ref().filter(|_| self.refusal.is_none())
    }

    /// What would become of it, and what that rests on.
    pub(super) fn planned(&self, changes: impl FnOnce(&LockedIncident) -> Vec<FieldChange>) -> (PlannedItem, String) {
        let changes = self.accepted().map(changes).unwrap_or_default();
        let planned = PlannedItem { item: self.number.clone(), changes, error: self.refusal.clone() };
        (planned, format!("{:?}", self.incident))
    }
}

/// The incidents of those numbers, in that order.
pub(super) async fn select(
    records: &mut Records<'_>,
    caller: &Caller,
    actor: &Actor,
    sites: &Sites,
    numbers: Vec<String>,
) -> Result<Vec<Selected>, StoreError> {
    let found = records.incidents_for_change(&numbers).await?;
    let selected = numbers.into_iter().zip(found).map(|(number, incident)| {
        let Some(incident) = incident else {
            let refusal = Some(StoreError::not_found("incident", &number).to_string());
            return Selected { number, incident: None, refusal };
        };
        let refusal = actor.refusal(caller, "incident", &number, incident.site_id, sites);
        let visible = caller.may(Right::SeeIncidents, incident.site_id);
        Selected { number, incident: visible.then_some(incident), refusal }
    });
    Ok(selected.collect())
}

/// Those that were done and those that were not, for [`super::items::answer`].
pub(super) fn outcome(selected: &[Selected]) -> (usize, Vec<(&str, &str)>) {
    let failed: Vec<_> =
        selected.iter().filter_map(|item| Some((item.number.as_str(), item.refusal.as_deref()?))).collect();
    (selected.len() - failed.len(), failed)
}
