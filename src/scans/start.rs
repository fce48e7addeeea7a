//! Starts a rescan, and finds out which scans came of it.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use soar_connector::cell_text;

use super::followed::{FollowedScan, Scanning};
use super::jobs::{ScanJob, running_jobs};
use crate::findings::whole_number;
use crate::session::Call;
use crate::vendor::{Endpoint, Failure, Rescan, RescanOfInput, ScanSurface, Scanners};

/// The subject of a rescan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// All that users asked to scan, on every active scanner.
    All,
    /// All of one scanner.
    Scanner(i64),
    /// One entry of the scan surface.
    Input(i64),
    /// The entry that a target came of.
    Target(i64),
}

/// Starts the rescan. If the reply has no scan id, or the outcome is unknown, the jobs that appear next are followed. If
/// a scan already runs, that scan is followed.
pub(crate) async fn start(what: What, tenant: Option<i64>, call: &mut Call<'_>) -> Result<Scanning, Failure> {
    let before = running_jobs(call).await?;
    let (scanners, request) = scanners_of(what, call).await?;
    let scans = match call.change(&*request).await {
        Ok(reply) => {
            let ids: Vec<_> = reply.page.rows().filter_map(started).collect();
            // Older instances answer with nothing, and others with an empty list where each scanner was busy.
            match (ids.is_empty(), reply.page.body().trim().is_empty()) {
                (false, _) => ids,
                (true, true) => by_jobs(&scanners, &before),
                (true, false) => joined(&scanners, call).await?,
            }
        }
        Err(failure) if runs_already(what, &failure) => joined(&scanners, call).await?,
        Err(failure) if failure.code == Some("outcome-unknown") => {
            let text = format!("{} The scan that the scanner lists from now on is followed.", failure.message);
            call.warn("start-unproven", text);
            by_jobs(&scanners, &before)
        }
        Err(failure) => return Err(failure),
    };
    Ok(Scanning { tenant, scans, polls: 0 })
}

/// Whether the refusal means that a scan runs there already.
fn runs_already(what: What, failure: &Failure) -> bool {
    match what {
        What::All => false,
        What::Scanner(_) => failure.has_status(&[405]),
        What::Input(_) | What::Target(_) => failure.has_status(&[406]),
    }
}

/// The scan of a row of the reply.
fn started(row: &str) -> Option<FollowedScan> {
    let row: Value = serde_json::from_str(row).ok()?;
    let uuid = row.get("scanUuid").map(cell_text).filter(|uuid| !uuid.is_empty())?;
    let scanner = row.get("scannerId").and_then(whole_number)?;
    Some(FollowedScan { scanner, uuid: Some(uuid), ..FollowedScan::default() })
}

/// The scans that these scanners list from now on.
fn by_jobs(scanners: &[i64], before: &[ScanJob]) -> Vec<FollowedScan> {
    let scan = |scanner: &i64| {
        let jobs = before.iter().filter(|job| job.scanner == *scanner);
        let before = jobs.map(|job| job.id.clone()).collect();
        FollowedScan { scanner: *scanner, before, ..FollowedScan::default() }
    };
    scanners.iter().map(scan).collect()
}

/// The scans that run on these scanners.
async fn joined(scanners: &[i64], call: &mut Call<'_>) -> Result<Vec<FollowedScan>, Failure> {
    let jobs = running_jobs(call).await?;
    let of_scanners = jobs.into_iter().filter(|job| scanners.contains(&job.scanner));
    let scan = |job: ScanJob| FollowedScan {
        scanner: job.scanner,
        job: Some(job.id),
        was_running: true,
        started: Some(job.started),
        ..FollowedScan::default()
    };
    let scans: Vec<_> = of_scanners.map(scan).collect();
    if scans.is_empty() {
        let text = "Footprint says that a scan runs already, and lists none of these scanners' scans.";
        return Err(Failure::new("scan-already-running", text).at(405));
    }
    call.warn("scan-joined", "A scan ran already, so none was started: the running one is followed.");
    Ok(scans)
}

/// The scanners that the rescan concerns, and the request that starts it.
async fn scanners_of(what: What, call: &mut Call<'_>) -> Result<(Vec<i64>, Box<dyn Endpoint + Send>), Failure> {
    match what {
        What::All => {
            let active = active_scanners(call).await?;
            if active.is_empty() {
                return Err(Failure::new("scanner-inactive", "No scanner of the tenant is active."));
            }
            Ok((active, Box::new(Rescan { scanner: None })))
        }
        What::Scanner(scanner) => {
            if call.look_up(&Scanners, "label").await?.get(scanner)?.is_none() {
                let text = format!("The Scanner ID cannot be used: {scanner} is not in List Scanners.");
                return Err(Failure::new("scanner-not-usable", text));
            }
            Ok((vec![scanner], Box::new(Rescan { scanner: Some(scanner) })))
        }
        What::Input(id) | What::Target(id) => {
            let is_target = matches!(what, What::Target(_));
            let (input, scanners) = entry(id, is_target, call).await?;
            Ok((scanners, Box::new(RescanOfInput { input })))
        }
    }
}

/// The scanners that a rescan of all starts.
async fn active_scanners(call: &mut Call<'_>) -> Result<Vec<i64>, Failure> {
    let list = call.keep(&Scanners).await?;
    let active = |row: &str| {
        let row: Value = serde_json::from_str(row).ok()?;
        // Older rows have no such word: each of their scanners may scan.
        let state = row.get("administrativeState").map(cell_text).unwrap_or_default();
        let id = row.get("id").and_then(whole_number)?;
        (state.is_empty() || state == "None" || state.eq_ignore_ascii_case("active")).then_some(id)
    };
    Ok(list.rows().filter_map(active).collect())
}

/// An entry of the scan surface, as far as a rescan needs it.
#[derive(Deserialize)]
struct ScanEntry {
    id: i64,
    scanners: Vec<EntryScanner>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryScanner {
    id: i64,
    #[serde(default)]
    current_targets: Vec<EntryTarget>,
}

#[derive(Deserialize)]
struct EntryTarget {
    id: i64,
}

/// The entry with this id or this target, and its scanners.
async fn entry(id: i64, is_target: bool, call: &mut Call<'_>) -> Result<(i64, Vec<i64>), Failure> {
    let mut found: Option<(i64, Vec<i64>)> = None;
    let missing = call
        .each_row(&ScanSurface { scanner: None }, |row| {
            let Ok(entry) = serde_json::from_str::<ScanEntry>(row) else { return Ok(()) };
            let has_target = |scanner: &EntryScanner| scanner.current_targets.iter().any(|target| target.id == id);
            if if is_target { entry.scanners.iter().any(has_target) } else { entry.id == id } {
                let scanners: HashSet<i64> = entry.scanners.iter().map(|scanner| scanner.id).collect();
                found = Some((entry.id, scanners.into_iter().collect()));
            }
            Ok(())
        })
        .await?;
    match (found, missing) {
        (Some(found), _) => Ok(found),
        (None, None) => {
            let text = format!("List Scan Surfaces has no {} {id}.", if is_target { "target" } else { "user input" });
            Err(Failure::new("scan-surface-not-found", text))
        }
        (None, Some(missing)) => {
            let text = format!("{id} was looked for in List Scan Surfaces, which did not come whole: {missing}");
            Err(Failure::new("unexpected-reply", text))
        }
    }
}
