//! The invented health checks of a year: one every six hours, in the last month one an hour, in the last hour as often as the
//! connection is checked.

use std::time::Duration;

use soar_store::model::{CheckError, CheckResult, Moment};
use soar_store::{Ran, Records, StoreError};

use super::connections::{SampleConnection, SampleFailure};
use super::{DAY, DAYS, HOUR, NODE};

/// The number of days with a check an hour.
const DENSE_DAYS: u64 = 31;

/// Writes the checks of one connection, the oldest first.
pub(super) async fn write(
    records: &mut Records<'_>,
    sample: &SampleConnection,
    now: Moment,
    dice: &mut fastrand::Rng,
) -> Result<(), StoreError> {
    let Some(schedule) = records.health_check(sample.connection.id).await? else { return Ok(()) };
    let shape = sample.shape;
    let sparse = (DENSE_DAYS * 4..DAYS * 4).rev().map(|step| HOUR * 6 * u32::try_from(step).unwrap_or(u32::MAX));
    let dense = (1..DENSE_DAYS * 24).rev().map(|step| HOUR * u32::try_from(step).unwrap_or(u32::MAX));
    let interval = schedule.what.cadence.interval().unwrap_or(HOUR).max(Duration::from_secs(60));
    let latest = (1..=60).rev().map(|step| interval * step).skip_while(|ago| *ago >= HOUR);
    for ago in sparse.chain(dense).chain(latest) {
        let hours = ago.as_secs() / 3_600;
        let is_outage = hours < shape.failing_hours || dice.u64(..shape.one_fails_in) == 0;
        // Slower by day than by night.
        let load = i64::try_from(hours % 24).unwrap_or_default() * 2;
        let latency_ms = shape.latency_ms + load + dice.i64(0..shape.latency_ms / 2);
        let error = is_outage.then(|| error_of(&shape.failure));
        let check = CheckResult { latency_ms, error, expiring: None };
        let started_at = now - ago;
        let ended_at = started_at + Duration::from_millis(latency_ms.unsigned_abs());
        let ran = Ran { started_at, ended_at, node: NODE.to_owned() };
        records.record_check(&schedule, started_at, &check, &ran).await?;
    }
    Ok(())
}

/// The error of an invented check.
fn error_of(failure: &SampleFailure) -> CheckError {
    let SampleFailure { status, message, code } = failure;
    let indicator = "Test Connection failed. Failed to check the connector.";
    CheckError {
        tab: format!("{indicator}\nStatus Code: {status}.\nMessage: {message} (sample data)"),
        code: Some((*code).to_owned()),
    }
}

const _: () = assert!(DAYS > DENSE_DAYS && DAY.as_secs() == 24 * HOUR.as_secs());
