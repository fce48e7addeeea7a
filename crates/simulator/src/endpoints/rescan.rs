//! `PATCH /console/scanSurface/rescan/`: starts scans, on all scanners or on one.

use axum::http::StatusCode;
use serde::Serialize;

use crate::{
    call::Call, data::scanner::Scanner, dialect::Form, query::is_integer, reply::Reply, scans::Scan,
    tenants::is_trial_expired,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    scan_uuid: String,
    scanner_id: u64,
}

/// Starts a scan on every active scanner that has none; 402 if the trial is over.
pub(crate) fn all(call: &Call<'_>) -> Result<Reply, Reply> {
    refuse_expired_trial(call)?;
    let inventory = call.inventory();
    let started: Vec<Started> = inventory
        .scanners()
        .filter(|scanner| scanner.is_active() && !scanner.is_extending())
        .filter_map(|scanner| start(call, scanner))
        .map(Started::of)
        .collect();
    Ok(match call.dialect().rescan {
        Form::Legacy => Reply::empty(StatusCode::OK),
        Form::Current => Reply::array(started),
    })
}

/// Starts a scan on one scanner: 402 trial over, 400 no number, 404 unknown, 406 inactive, 405 busy.
pub(crate) fn one(call: &Call<'_>) -> Result<Reply, Reply> {
    refuse_expired_trial(call)?;
    if !is_integer(call.element) {
        return Err(Reply::detail(StatusCode::BAD_REQUEST, "Invalid scanner ID."));
    }
    let scanner = call.inventory().scanner_by_id(call.element_id()?).ok_or_else(Reply::not_found)?;
    if !scanner.is_active() {
        return Err(Reply::detail(StatusCode::NOT_ACCEPTABLE, "The scanner is inactive."));
    }
    let scan = Some(scanner)
        .filter(|scanner| !scanner.is_extending())
        .and_then(|scanner| start(call, scanner))
        .ok_or_else(|| Reply::detail(StatusCode::METHOD_NOT_ALLOWED, "The scanner is already running a scan."))?;
    Ok(match call.dialect().rescan {
        Form::Legacy => Reply::empty(StatusCode::OK),
        Form::Current => Reply::json(&Started::of(scan)),
    })
}

impl Started {
    fn of(scan: Scan) -> Self {
        Self { scan_uuid: scan.uuid, scanner_id: scan.scanner }
    }
}

fn start(call: &Call<'_>, scanner: Scanner) -> Option<Scan> {
    let world = call.world;
    world.scans.start(call.tenant, scanner.id, world.clock.now_micros(), world.options.scan_duration)
}

fn refuse_expired_trial(call: &Call<'_>) -> Result<(), Reply> {
    if is_trial_expired(&call.world.options, call.tenant) {
        return Err(Reply::detail(StatusCode::PAYMENT_REQUIRED, "Trial expired."));
    }
    Ok(())
}
