//! Get Scan: one scan by its UUID, or a running one by the id of its job.

use async_trait::async_trait;
use soar_connector::name::quoted;
use soar_connector::{Parameters, ReplyPage};

use super::CommandHandler;
use super::probe::Probe;
use crate::scans::{read_scan, running_jobs};
use crate::session::Call;
use crate::vendor::{Failure, Scan, ScanJobs};

pub(super) struct GetScan;

#[async_trait]
impl CommandHandler for GetScan {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(ScanJobs))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let given = parameters.text("Scan").unwrap_or_default();
        let is_job = given.bytes().all(|byte| byte.is_ascii_digit());
        if !is_job {
            let scan = Scan::of(given).ok_or_else(|| {
                let text = format!("Scan: expected a scan's UUID or a job's id, found {}.", quoted(given));
                Failure::new("invalid-parameter", text)
            })?;
            let (page, _) = read_scan(&scan, call).await?;
            return call.hand_on(page).await;
        }
        let jobs = running_jobs(call).await?;
        match jobs.iter().find(|job| job.id == given) {
            Some(job) => call.hand_on(ReplyPage::of_rows([job.row()])).await,
            None => Err(Failure::new("scan-not-found", format!("No running scan has the job {given}."))),
        }
    }
}
