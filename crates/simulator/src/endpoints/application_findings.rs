//! `/console/elements/application/{applicationId}/vulnerabilities/`: an application's vulnerabilities, and their states.

use axum::http::StatusCode;
use serde::Deserialize;

use super::vulnerability_rows::{CurrentVulnerability, LegacyVulnerability};
use crate::{
    call::RoutedRequest,
    data::{
        device::Device,
        vulnerability::{STATES, Vulnerability},
    },
    dialect::EndpointForm,
    page::{PageSlice, PastLast},
    reply::Reply,
    verdicts::Verdict,
};

/// The application's device, and its vulnerabilities.
fn find(call: &RoutedRequest<'_>) -> Result<(Device, Vec<Vulnerability>), Reply> {
    let inventory = call.inventory();
    let id = call.element_id()?;
    let device = inventory.device_of_application(id).ok_or_else(Reply::not_found)?;
    let history = call.history(&device);
    let all = (0..inventory.findings(&device, &history)).map(|number| inventory.finding(&device, number, &history));
    Ok((device, all.filter(|row| row.element == id).collect()))
}

/// A page object on every generation.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let (_, found) = find(call)?;
    let inventory = call.inventory();
    let page = PageSlice::of(call, None, PastLast::ByGeneration, found.len() as u64)?;
    let shown = (0..).zip(found).filter(|(index, _)| page.rows.contains(index)).map(|(_, row)| row);
    Ok(match call.dialect().vulnerabilities {
        EndpointForm::Legacy => page.reply(shown.map(|row| LegacyVulnerability::of(&inventory, row))),
        EndpointForm::Current => page.reply(shown.map(|row| CurrentVulnerability::of(&inventory, row))),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StateUpdate {
    ids: Vec<u64>,
    state: String,
    motivation_text: String,
}

/// Gives vulnerabilities of the application another state, and answers with the first: 400 for a body that is wrong or
/// a state that the generation does not know, 404 for an id that the application does not have.
pub(crate) fn change(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let (device, found) = find(call)?;
    let change: StateUpdate = serde_json::from_slice(call.body)
        .map_err(|error| Reply::detail(StatusCode::BAD_REQUEST, &format!("JSON parse error - {error}")))?;
    let states = if call.dialect().vulnerabilities == EndpointForm::Current { &STATES[..] } else { &STATES[..7] };
    let state = states.iter().position(|state| *state == change.state);
    let state = state.ok_or_else(|| Reply::field("state", &format!("\"{}\" is not a valid choice.", change.state)))?;
    if change.motivation_text.is_empty() {
        return Err(Reply::field("motivationText", "This field may not be blank."));
    }
    if change.ids.is_empty() || !change.ids.iter().all(|id| found.iter().any(|row| row.id == *id)) {
        return Err(Reply::not_found());
    }
    let world = call.world;
    let history = call.history(&device);
    let (at, rounds) = (world.clock.now_micros(), history.rescans.len());
    for id in &change.ids {
        world.verdicts.set(*id, Verdict { state, text: change.motivation_text.clone(), at, rounds });
    }
    let inventory = call.inventory();
    let changed = (0..inventory.findings(&device, &history))
        .map(|number| inventory.finding(&device, number, &history))
        .find(|row| Some(&row.id) == change.ids.first())
        .ok_or_else(Reply::not_found)?;
    Ok(match call.dialect().vulnerabilities {
        EndpointForm::Legacy => Reply::json(&LegacyVulnerability::of(&inventory, changed)),
        EndpointForm::Current => Reply::json(&CurrentVulnerability::of(&inventory, changed)),
    })
}
