//! `POST /console/scanSurface/`: adds targets to the scan surface, and scans them unless told otherwise.

use axum::http::StatusCode;
use serde::Deserialize;

use super::rescan::{Started, refuse_expired_trial, start};
use crate::{Generation, call::RoutedRequest, dialect::EndpointForm, entries::AddedEntry, reply::Reply};

/// The longest target.
const LONGEST: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    scan_targets: Vec<String>,
    scanners: Vec<u64>,
}

/// Adds one entry for each target: 400 for an empty or too long one and for a scanner that the tenant does not have.
pub(crate) fn add(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    refuse_expired_trial(call)?;
    let targets: Targets = serde_json::from_slice(call.body)
        .map_err(|error| Reply::detail(StatusCode::BAD_REQUEST, &format!("JSON parse error - {error}")))?;
    let wrong = |target: &String| target.trim().is_empty() || target.len() > LONGEST;
    if targets.scan_targets.is_empty() || targets.scan_targets.iter().any(wrong) {
        return Err(Reply::field("scanTargets", "Enter a valid target."));
    }
    let inventory = call.inventory();
    let numbers: Option<Vec<u32>> = targets.scanners.iter().map(|id| inventory.scanner_number(*id)).collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty());
    let numbers = numbers.ok_or_else(|| Reply::field("scanners", "Invalid scanner ID."))?;
    let world = call.world;
    // Older instances do not know the parameter, and scan.
    let knows = world.options.generation >= Generation::Middle;
    let scans = !(knows && call.query.boolean("isNoScanRequest")?.unwrap_or(false));
    let now = world.clock.now_micros();
    for input in targets.scan_targets {
        world.entries.add(|before| AddedEntry {
            id: inventory.id(world.options.scan_surface_entries + 1 + u32::try_from(before).unwrap_or(0)),
            tenant: call.tenant,
            input,
            scanners: numbers.clone(),
            added: now,
        });
    }
    let scanners = numbers.iter().map(|number| inventory.scanner(*number)).filter(|_| scans);
    let usable = scanners.filter(|scanner| scanner.is_active() && !scanner.is_extending());
    let started: Vec<Started> = usable.filter_map(|scanner| start(call, scanner, None)).map(Started::of).collect();
    Ok(match call.dialect().rescan {
        EndpointForm::Legacy => Reply::empty(StatusCode::OK),
        EndpointForm::Current => Reply::array(started),
    })
}
