//! `GET /console/status/scan/`: the scans that are not done yet, with their progress.

use serde::Serialize;

use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        moment::{FormattedTime, TODAY},
        scanner::Scanner,
    },
    reply::Reply,
    scans::ScanProgress,
};

/// How far the endless extend scan says it is.
const EXTEND_PROGRESS: u8 = 42;

/// The job number of a scanner's extend scan is this and the scanner's id.
const EXTEND_SCANS: u64 = 900_000;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanStatusBody {
    area_scan_jobs: Vec<Job>,
    running_jobs: Vec<Job>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Job {
    is_running: bool,
    progress: u8,
    id: JobId,
    description: String,
    message: &'static str,
    start_date: FormattedTime,
    scanner: JobScanner,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

/// A text on legacy and middle, a number on current.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum JobId {
    Text(String),
    Number(u64),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JobScanner {
    scanner_id: u64,
    task_id: u64,
    hostname: String,
}

#[derive(Debug, Serialize)]
struct Meta {}

/// The extend scan of the busy scanner, and the rescans that were started and are not done.
pub(crate) fn show(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let world = call.world;
    let inventory = call.inventory();
    let now = world.clock.now_micros();
    let duration = world.options.scan_duration;
    let area_scan_jobs = inventory
        .scanners()
        .filter(|scanner| scanner.is_extending())
        .map(|scanner| {
            let started = (TODAY - 3_600) * 1_000_000;
            let stage = ScanProgress::Running(EXTEND_PROGRESS);
            job(call, scanner, EXTEND_SCANS + scanner.id, started, stage)
        })
        .collect();
    let running_jobs = world
        .scans
        .of_tenant(call.tenant)
        .into_iter()
        .filter_map(|scan| {
            let stage = scan.stage(now, duration);
            let scanner = inventory.scanner_by_id(scan.scanner)?;
            (!stage.is_over()).then(|| job(call, scanner, scan.number, scan.started, stage))
        })
        .collect();
    Ok(Reply::json(&ScanStatusBody { area_scan_jobs, running_jobs }))
}

fn job(call: &RoutedRequest<'_>, scanner: Scanner, number: u64, started: u64, stage: ScanProgress) -> Job {
    let form = call.dialect().scan_status;
    let (is_running, progress, message) = match stage {
        ScanProgress::Requested => (false, 0, "Scan requested"),
        ScanProgress::Running(percent) => (true, percent, "Scan in progress"),
        ScanProgress::Done => (false, 100, "Scan done"),
        ScanProgress::Stopped => (false, 0, "Scan stopped"),
    };
    Job {
        is_running,
        progress,
        id: if form == Generation::Current { JobId::Number(number) } else { JobId::Text(number.to_string()) },
        description: format!("Scan by {}", scanner.label()),
        message,
        start_date: FormattedTime::iso(started),
        scanner: JobScanner { scanner_id: scanner.id, task_id: number, hostname: scanner.host_name() },
        meta: (form >= Generation::Middle).then_some(Meta {}),
    }
}
