//! The jobs of scanners, as every instance lists them.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use soar_connector::cell_text;

use crate::findings::whole_number;
use crate::session::Call;
use crate::vendor::{Failure, ScanJobs};

/// A scan that runs, or is about to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ScanJob {
    /// A number since 2024-08, text before.
    pub(crate) id: String,
    pub(crate) scanner: i64,
    pub(crate) host: String,
    pub(crate) is_running: bool,
    pub(crate) progress: Option<u8>,
    /// When it started, by the server's clock.
    pub(crate) started: String,
    /// The vendor's text.
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Jobs<'a> {
    /// Extend scans.
    #[serde(borrow)]
    area_scan_jobs: Vec<&'a RawValue>,
    #[serde(borrow)]
    running_jobs: Vec<&'a RawValue>,
}

/// The scans that run now.
pub(crate) async fn running_jobs(call: &mut Call<'_>) -> Result<Vec<ScanJob>, Failure> {
    let reply = call.keep_object(&ScanJobs).await?;
    let jobs: Jobs<'_> = serde_json::from_str(reply.get())
        .map_err(|error| Failure::new("unexpected-reply", format!("The list of jobs cannot be read ({error}).")))?;
    Ok(jobs.area_scan_jobs.into_iter().chain(jobs.running_jobs).filter_map(|job| ScanJob::read(job.get())).collect())
}

impl ScanJob {
    fn read(text: &str) -> Option<Self> {
        let job: Value = serde_json::from_str(text).ok()?;
        let scanner = job.get("scanner")?;
        Some(Self {
            id: job.get("id").map(cell_text)?,
            scanner: whole_number(scanner.get("scannerId")?)?,
            host: scanner.get("hostname").map(cell_text).unwrap_or_default(),
            is_running: job.get("isRunning").and_then(Value::as_bool).unwrap_or(false),
            progress: job.get("progress").and_then(whole_number).and_then(|percent| u8::try_from(percent).ok()),
            started: job.get("startDate").map(cell_text).unwrap_or_default(),
            text: text.to_owned(),
        })
    }

    /// Its status in the words of the history of scans.
    pub(crate) fn status(&self) -> &'static str {
        if self.is_running { "running" } else { "requested" }
    }

    /// The vendor's row, followed by the members that a row of the history of scans has.
    pub(crate) fn row(&self) -> String {
        let members = serde_json::json!({
            "status": self.status(),
            "scannerId": self.scanner,
            "scannerName": self.host,
            "startDatetime": self.started,
        });
        crate::findings::with_members(&self.text, members.to_string().trim_start_matches('{'))
    }
}
