//! Rescan And Wait: starts a rescan, follows it to its end, and says what it changed.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use soar_connector::{FollowToken, Parameters, Poll, ReplyPage, RunningWork};

use super::probe::Probe;
use super::{CommandHandler, Follows};
use crate::findings::{Presence, collect, every_device};
use crate::scans::{FollowedScan, ScanChanges, Scanning, What, poll, start};
use crate::session::Call;
use crate::vendor::Failure;

pub(super) struct RescanAndWait;

impl CommandHandler for RescanAndWait {
    fn probe(&self) -> Probe {
        Probe::Role
    }

    fn follows(&self) -> Option<&dyn Follows> {
        Some(self)
    }
}

#[async_trait]
impl Follows for RescanAndWait {
    async fn start(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<FollowToken, Failure> {
        let what = what(parameters)?;
        start(what, parameters.integer("Footprint Tenant ID"), call).await?.token()
    }

    async fn poll(&self, parameters: &Parameters, token: &FollowToken, call: &mut Call<'_>) -> Result<Poll, Failure> {
        let mut scanning = Scanning::of(token)?;
        let given = parameters.integer("Footprint Tenant ID");
        if given.is_some() && given != scanning.tenant {
            let text = "Footprint Tenant ID: expected the tenant that the scan was started in, or none.";
            return Err(Failure::new("invalid-parameter", text));
        }
        call.act_in(scanning.tenant);
        let percent = poll(&mut scanning, call).await?;
        if scanning.scans.iter().all(FollowedScan::is_over) {
            show(&scanning, call).await?;
            return Ok(Poll::Done);
        }
        let is_seen = scanning.scans.iter().any(|scan| scan.started.is_some());
        let status = if is_seen { "running" } else { "requested" }.to_owned();
        // Short scans are seen to end soon, and long ones are asked about once a minute.
        let wait = Duration::from_secs(u64::from(scanning.polls).saturating_mul(5).clamp(5, 60));
        Ok(Poll::Running(RunningWork { token: scanning.token()?, status, percent, wait }))
    }

    /// The vendor's API has no way to stop a scan.
    async fn cancel(&self, _: &Parameters, token: &FollowToken, _: &mut Call<'_>) -> Result<bool, Failure> {
        Scanning::of(token).map(|_| false)
    }
}

/// The subject of the rescan that the parameters ask for.
fn what(parameters: &Parameters) -> Result<What, Failure> {
    let given = |name, what: fn(i64) -> What| parameters.integer(name).map(what);
    let all =
        [given("Scanner ID", What::Scanner), given("User Input ID", What::Input), given("Target ID", What::Target)];
    let mut given = all.into_iter().flatten();
    match (given.next(), given.next()) {
        (None, _) => Ok(What::All),
        (Some(what), None) => Ok(what),
        (Some(_), Some(_)) => {
            let text = "Scanner ID: expected only one of Scanner ID, User Input ID and Target ID.";
            Err(Failure::new("invalid-parameter", text))
        }
    }
}

/// Hands on one row for each scan: how it ended, and what it changed.
async fn show(scanning: &Scanning, call: &mut Call<'_>) -> Result<(), Failure> {
    // A scanner that a rescan of all did not start lists no job; if none does, nothing is known to have happened.
    let seen: Vec<_> = scanning.scans.iter().filter(|scan| scan.status.as_deref() != Some("never seen")).collect();
    if seen.is_empty() {
        let text = "No scan of these scanners was listed after the start. Outcome unknown: check before you repeat.";
        return Err(Failure::new("outcome-unknown", text));
    }
    let mut rows = Vec::with_capacity(seen.len());
    let (mut not_done, mut summaries) = (Vec::new(), Vec::new());
    for scan in &seen {
        let changes = changes(scan, call).await?;
        if let Some(changes) = &changes {
            summaries.push(changes.summary());
        }
        let status = scan.status.as_deref().unwrap_or_default();
        if matches!(status, "stopped" | "interrupted") {
            not_done.push(format!("scanner {}: {status}", scan.scanner));
        }
        rows.push(row(scan, changes).to_string());
    }
    if seen.iter().any(|scan| scan.is_inferred()) {
        let text =
            "The start gave no id of a scan. The scanner's job is taken for the scan, and how it ended is not known.";
        call.warn("scan-inferred", text);
    }
    if not_done.len() == seen.len() {
        let text =
            format!("The scan did not run to its end ({}). Until then: {}.", not_done.join(", "), summaries.join("; "));
        return Err(Failure::new("scan-not-done", text));
    }
    if !not_done.is_empty() {
        call.warn("scan-not-done", format!("Some scans did not run to their end: {}.", not_done.join(", ")));
    }
    call.hand_on(ReplyPage::of_rows(rows)).await
}

/// The changes of a scan on the devices of its scanner; `None` where its start is not known.
async fn changes(scan: &FollowedScan, call: &mut Call<'_>) -> Result<Option<ScanChanges>, Failure> {
    let Some(mut changes) = ScanChanges::since(scan.started.as_deref()) else {
        let text = format!("When the scan of scanner {} began is not known, so its changes are not.", scan.scanner);
        call.warn("changes-unknown", text);
        return Ok(None);
    };
    let devices = every_device(Some(scan.scanner), call).await?;
    collect((&devices, Presence::Listed), call, |device, row| {
        changes.look_at(device, row);
        None
    })
    .await?;
    if changes.undated > 0 {
        let text = format!("{} vulnerabilities have no date, so they may have changed too.", changes.undated);
        call.warn("changes-unproven", text);
    }
    if changes.is_cut() {
        call.warn("changes-cut", "More vulnerabilities changed than are named. The counts are exact.");
    }
    Ok(Some(changes))
}

fn row(scan: &FollowedScan, changes: Option<ScanChanges>) -> Value {
    let mut row = json!({
        "scannerId": scan.scanner,
        "scanUuid": scan.uuid,
        "jobId": scan.job,
        "status": scan.status,
        "startDatetime": scan.started,
        "endDatetime": scan.ended,
        "inferred": scan.is_inferred(),
        "wasRunning": scan.was_running,
    });
    let members: Map<String, Value> =
        changes.map(ScanChanges::members).into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect();
    if let Value::Object(row) = &mut row {
        row.extend(members);
    }
    row
}
