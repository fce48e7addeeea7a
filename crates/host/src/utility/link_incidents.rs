//! Links an incident with other incidents. D3's Command API has no command for it; the management API, the terminal and
//! imports use this function.

use std::collections::HashSet;

use soar_connector::name::quoted;
use soar_store::Records;
use soar_store::model::{Caller, IncidentId, Moment};

use super::access::{Actor, Sites};
use super::selection::{Selected, select};
use crate::Refusal;

/// Links the incident `number` with all of `others`, or with none if one cannot be linked. Existing links stay. Returns
/// the number of new links.
///
/// # Errors
/// [`Refusal`] names the incident that does not exist or that the caller may not change.
pub async fn link_incidents(
    records: &mut Records<'_>,
    caller: &Caller,
    number: &str,
    others: &[String],
    now: Moment,
) -> Result<usize, Refusal> {
    let mut seen = HashSet::from([number]);
    let mut numbers = vec![number.to_owned()];
    for other in others {
        if other == number {
            return Err(Refusal::Because(format!("The incident {} cannot be linked with itself.", quoted(number))));
        }
        if seen.insert(other) {
            numbers.push(other.clone());
        }
    }
    if numbers.len() == 1 {
        return Err(Refusal::Because("Name at least one incident to link with.".to_owned()));
    }
    let sites = Sites::load(records).await?;
    let selected = select(records, caller, &Actor::is(caller), &sites, numbers).await?;
    if let Some(refusal) = selected.iter().find_map(|item| item.refusal.as_ref()) {
        return Err(Refusal::Because(refusal.clone()));
    }
    let mut ids = selected.iter().filter_map(Selected::accepted).map(|incident| incident.id);
    let Some(one) = ids.next() else { return Ok(0) };
    let linked: HashSet<IncidentId> = records.neighbours(&[one]).await?.iter().map(|other| other.id).collect();
    let mut new: Vec<IncidentId> = ids.filter(|other| !linked.contains(other)).collect();
    let count = new.len();
    if count > 0 {
        let links: Vec<_> = new.iter().map(|other| (one, *other, now, caller.user.name.as_str())).collect();
        records.link_incidents(&links).await?;
        new.push(one);
        records.touch_incidents(&new, now).await?;
    }
    Ok(count)
}
