//! The connections of a page of the table of health, the worst first.

use std::collections::BTreeMap;

use soar_store::model::{ConnectionId, HealthState};
use soar_store::{HealthSelection, Records, StoreError};

use super::filter::HealthFilter;

/// The most connections of a page.
pub(super) const LARGEST_PAGE: i64 = 1000;

/// The states of the connections, in the order of a list. `None` if there are more than a page can have.
pub(super) async fn few_states(
    records: &mut Records<'_>,
    selection: &HealthSelection,
) -> Result<Option<Vec<(ConnectionId, HealthState)>>, StoreError> {
    let found = records.health_states(selection, LARGEST_PAGE + 1).await?;
    Ok(i64::try_from(found.len()).is_ok_and(|found| found <= LARGEST_PAGE).then_some(found))
}

pub(super) fn counted(found: &[(ConnectionId, HealthState)]) -> BTreeMap<HealthState, i64> {
    let mut counts: BTreeMap<_, _> = HealthState::ALL.iter().map(|state| (*state, 0)).collect();
    for (_, state) in found {
        *counts.entry(*state).or_default() += 1;
    }
    counts
}

/// The connections of a page of these, the worst first.
pub(super) fn worst_of(found: Vec<(ConnectionId, HealthState)>, filter: &HealthFilter) -> Vec<ConnectionId> {
    let limit = usize::try_from(filter.limit.unwrap_or(100).clamp(1, LARGEST_PAGE)).unwrap_or(usize::MAX);
    let of_state = |state: HealthState| found.iter().filter(move |(_, one)| *one == state).map(|(id, _)| *id);
    let wanted = HealthState::WORST_FIRST.into_iter().filter(|state| filter.state.is_none_or(|only| only == *state));
    wanted.flat_map(of_state).skip(filter.offset).take(limit).collect()
}

/// The connections of a page, the worst first.
pub(super) async fn worst(
    records: &mut Records<'_>,
    selection: &HealthSelection,
    filter: &HealthFilter,
    states: &BTreeMap<HealthState, i64>,
) -> Result<Vec<ConnectionId>, StoreError> {
    let mut left = filter.limit.unwrap_or(100).clamp(1, LARGEST_PAGE);
    let mut skipped = i64::try_from(filter.offset).unwrap_or(i64::MAX);
    let mut ids = Vec::new();
    for state in HealthState::WORST_FIRST {
        let count = states.get(&state).copied().unwrap_or_default();
        if skipped >= count {
            skipped -= count;
            continue;
        }
        if left == 0 {
            break;
        }
        let found = records.connections_in_state(selection, state, skipped, left.min(count - skipped)).await?;
        left -= i64::try_from(found.len()).unwrap_or(left);
        skipped = 0;
        ids.extend(found);
    }
    Ok(ids)
}
