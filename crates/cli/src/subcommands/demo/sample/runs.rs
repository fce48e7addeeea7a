//! The invented runs of a quarter. They have no outcome and no receipt, since nothing ran.

use std::time::Duration;

use soar_store::model::{Moment, RunStatus, Site, User};
use soar_store::{NewRun, Records, RunEnd, StoreError};

use super::connections::SampleConnection;
use super::{DAY, NODE};

/// The number of runs.
const RUNS: u64 = 240;

/// The days in which they ran.
const RUN_DAYS: u32 = 90;

const COMMANDS: [&str; 8] = [
    "List Vulnerabilities",
    "List Devices",
    "List Device Vulnerabilities",
    "List Scans",
    "List Scanners",
    "Find Devices",
    "Test Connection",
    "List Tenants",
];

/// Writes the runs, the oldest first.
pub(super) async fn write(
    records: &mut Records<'_>,
    connections: &[SampleConnection],
    (administrator, analyst): (&User, &User),
    site: &Site,
    now: Moment,
    dice: &mut fastrand::Rng,
) -> Result<(), StoreError> {
    let step = DAY * RUN_DAYS / u32::try_from(RUNS).unwrap_or(u32::MAX);
    for number in 0..RUNS {
        let left = u32::try_from(RUNS - number).unwrap_or(u32::MAX);
        let began = now - step * left + Duration::from_secs(dice.u64(..step.as_secs()));
        // One of seven runs is on a connection that fails today.
        let place = if dice.u8(..7) == 0 { dice.usize(..connections.len()) } else { 0 };
        let Some(sample) = connections.get(place) else { continue };
        let user = if dice.bool() { administrator } else { analyst };
        let run = NewRun {
            user_id: user.id,
            user_name: user.name.clone(),
            key_name: None,
            site_id: site.id,
            site_name: site.name.clone(),
            connection_id: sample.connection.id,
            connection_name: sample.connection.name.clone(),
            integration: sample.connection.integration.clone(),
            command: COMMANDS[dice.usize(..COMMANDS.len())].to_owned(),
            parameters: "{}".to_owned(),
            request_id: format!("sample-{number:04}"),
            node: NODE.to_owned(),
        };
        let id = records.begin_run(&run, began).await?;
        let status = match dice.u8(..40) {
            0 | 1 => RunStatus::Failed,
            2 => RunStatus::Cancelled,
            3 => RunStatus::Interrupted,
            _ => RunStatus::Successful,
        };
        let end = RunEnd { status, outcome: None, receipt: None };
        records.end_run(id, &end, began + Duration::from_millis(dice.u64(120..9_000))).await?;
    }
    Ok(())
}
