//! `PATCH /console/scanSurface/rescan/`: starts scans, on all scanners or on one.

use axum::http::StatusCode;
use serde::Serialize;

use crate::{
    call::RoutedRequest, data::scanner::Scanner, dialect::EndpointForm, query::is_integer, reply::Reply, scans::Scan,
    tenants::is_trial_expired,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Started {
    scan_uuid: String,
    scanner_id: u64,
}

/// Starts a scan on every active scanner that has none; 402 if the trial is over.
pub(crate) fn all(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    refuse_expired_trial(call)?;
    let inventory = call.inventory();
    let started: Vec<Started> = inventory
        .scanners()
        .filter(|scanner| scanner.is_active() && !scanner.is_extending())
        .filter_map(|scanner| start(call, scanner, None))
        .map(Started::of)
        .collect();
    Ok(match call.dialect().rescan {
        EndpointForm::Legacy => Reply::empty(StatusCode::OK),
        EndpointForm::Current => Reply::array(started),
    })
}

/// Starts a scan on one scanner: 402 trial over, 400 no number, 404 unknown, 406 inactive, 405 busy.
pub(crate) fn one(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    refuse_expired_trial(call)?;
    if !is_integer(call.element) {
        return Err(Reply::detail(StatusCode::BAD_REQUEST, "Invalid scanner ID."));
    }
    let scanner = call.inventory().scanner_by_id(call.element_id()?).ok_or_else(Reply::not_found)?;
    if !scanner.is_active() {
        return Err(Reply::detail(StatusCode::NOT_ACCEPTABLE, "The scanner is inactive."));
    }
    let scan =
        Some(scanner)
            .filter(|scanner| !scanner.is_extending())
            .and_then(|scanner| start(call, scanner, None))
            .ok_or_else(|| Reply::detail(StatusCode::METHOD_NOT_ALLOWED, "The scanner is already running a scan."))?;
    Ok(match call.dialect().rescan {
        EndpointForm::Legacy => Reply::empty(StatusCode::OK),
        EndpointForm::Current => Reply::json(&Started::of(scan)),
    })
}

impl Started {
    pub(super) fn of(scan: Scan) -> Self {
        Self { scan_uuid: scan.uuid, scanner_id: scan.scanner }
    }
}

/// Starts a scan by patching an entry of the scan surface: 404 unknown, 406 a scan runs on one of its scanners already.
pub(crate) fn input(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let inventory = call.inventory();
    let id = call.element_id()?;
    let first = || {
        let number =
            inventory.number(id).filter(|number| (1..=call.world.options.scan_surface_entries).contains(number))?;
        let entry = inventory.entry(number);
        Some((entry.input, entry.scanners))
    };
    let added = || {
        let entry = call.world.entries.of_tenant(call.tenant).into_iter().find(|entry| entry.id == id)?;
        Some((entry.input, entry.scanners))
    };
    let (input, scanners) = first().or_else(added).ok_or_else(Reply::not_found)?;
    let scanner = scanners.first().map(|number| inventory.scanner(*number));
    let scan = scanner
        .filter(|scanner| scanner.is_active() && !scanner.is_extending())
        .and_then(|scanner| start(call, scanner, Some(input)))
        .ok_or_else(|| Reply::detail(StatusCode::NOT_ACCEPTABLE, "An extend scan is already running."))?;
    Ok(match call.dialect().rescan {
        EndpointForm::Legacy => Reply::empty(StatusCode::OK),
        EndpointForm::Current => Reply::json(&Started::of(scan)),
    })
}

pub(super) fn start(call: &RoutedRequest<'_>, scanner: Scanner, input: Option<String>) -> Option<Scan> {
    let world = call.world;
    let (now, duration) = (world.clock.now_micros(), world.options.scan_duration);
    world.scans.start((call.tenant, scanner.id), input, now, duration)
}

pub(super) fn refuse_expired_trial(call: &RoutedRequest<'_>) -> Result<(), Reply> {
    if is_trial_expired(&call.world.options, call.tenant) {
        return Err(Reply::detail(StatusCode::PAYMENT_REQUIRED, "Trial expired."));
    }
    Ok(())
}
