//! Asks how far followed scans are. It starts none.

use serde_json::Value;
use soar_connector::cell_text;

use super::followed::{ENDED, FollowedScan, NEVER_SEEN, Scanning};
use super::history::read_scan;
use super::jobs::{ScanJob, running_jobs};
use crate::session::Call;
use crate::vendor::{Failure, Scan};

/// A scan of which no job was listed in so many questions has ended, or never began.
const LAST_HOPE: u32 = 12;

/// Brings the followed scans up to date. Gives the percentage of the scan that is least far, if one is known.
pub(crate) async fn poll(scanning: &mut Scanning, call: &mut Call<'_>) -> Result<Option<u8>, Failure> {
    let jobs = running_jobs(call).await?;
    let mut percent = None;
    for scan in scanning.scans.iter_mut().filter(|scan| !scan.is_over()) {
        let job = jobs.iter().find(|job| scan.is_job(job));
        percent = percent.into_iter().chain(job.and_then(|job| job.progress)).min();
        match scan.uuid.clone() {
            Some(uuid) => by_id(scan, &uuid, job, call).await?,
            None => by_job(scan, job, scanning.polls),
        }
    }
    scanning.polls += 1;
    Ok(percent)
}

/// Asks for the scan itself.
async fn by_id(scan: &mut FollowedScan, uuid: &str, job: Option<&ScanJob>, call: &mut Call<'_>) -> Result<(), Failure> {
    let wanted = Scan::of(uuid).ok_or_else(|| Failure::new("unexpected-reply", "The scan's id is none."))?;
    let row = match read_scan(&wanted, call).await {
        // Documents of one month have the id and not the question: the job is followed.
        Err(failure) if failure.has_status(&[404]) => {
            scan.uuid = None;
            if let Some(job) = job {
                scan.job = Some(job.id.clone());
            }
            return Ok(());
        }
        row => row?.1,
    };
    let text = |name: &str| {
        let text = row.get(name).filter(|value| !value.is_null()).map(cell_text).unwrap_or_default();
        Some(text).filter(|text| !text.is_empty() && text != "None")
    };
    scan.started = text("startDatetime").or_else(|| job.map(|job| job.started.clone())).or(scan.started.take());
    scan.ended = text("endDatetime");
    let status = row.get("status").and_then(Value::as_str).unwrap_or_default();
    if matches!(status, "done" | "stopped" | "interrupted") {
        scan.status = Some(status.to_owned());
    }
    Ok(())
}

/// Takes the scanner's job for the scan: while it is listed the scan runs, and afterwards it has ended.
fn by_job(scan: &mut FollowedScan, job: Option<&ScanJob>, polls: u32) {
    match (job, &scan.job) {
        (Some(job), _) => {
            scan.job = Some(job.id.clone());
            scan.started = Some(job.started.clone());
        }
        (None, Some(_)) => scan.status = Some(ENDED.to_owned()),
        // It may not be listed yet.
        (None, None) if polls >= LAST_HOPE => scan.status = Some(NEVER_SEEN.to_owned()),
        (None, None) => {}
    }
}
