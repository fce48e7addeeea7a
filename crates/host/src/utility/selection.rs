//! The incidents of a bulk command: found, locked, and checked against the caller's rights.

use soar_store::model::{Caller, Right};
use soar_store::{LockedIncident, Records, StoreError};

use super::access::{Actor, Sites};
use super::plan::{FieldChange, PlannedItem};

/// A selected incident.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) number: String,
    /// The incident; `None` where it does not exist or the caller may not see it.
    pub(super) incident: Option<LockedIncident>,
    /// The reason for which the command does not change it.
    pub(super) refusal: Option<String>,
}

impl Selected {
    /// The incident, unless it is refused.
    pub(super) fn accepted(&self) -> Option<&LockedIncident> {
        self.incident.as_ref().filter(|_| self.refusal.is_none())
    }

    /// The planned changes and their basis.
    pub(super) fn planned(&self, changes: impl FnOnce(&LockedIncident) -> Vec<FieldChange>) -> (PlannedItem, String) {
        let changes = self.accepted().map(changes).unwrap_or_default();
        let planned = PlannedItem { item: self.number.clone(), changes, error: self.refusal.clone() };
        (planned, format!("{:?}", self.incident))
    }
}

/// Selects the incidents with these numbers, in that order.
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

/// The number of done items, and the failed items, for [`super::items::answer`].
pub(super) fn outcome(selected: &[Selected]) -> (usize, Vec<(&str, &str)>) {
    let failed: Vec<_> =
        selected.iter().filter_map(|item| Some((item.number.as_str(), item.refusal.as_deref()?))).collect();
    (selected.len() - failed.len(), failed)
}
