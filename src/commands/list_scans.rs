//! List Scans: the scans that users started, or, where the instance keeps no history, those that run.

use async_trait::async_trait;
use soar_connector::{Parameters, ReplyPage};

use super::CommandHandler;
use super::probe::Probe;
use crate::scans::running_jobs;
use crate::session::Call;
use crate::vendor::{Failure, ScanJobs, Scans};

pub(super) struct ListScans;

#[async_trait]
impl CommandHandler for ListScans {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(ScanJobs))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let (status, scanner) = (parameters.text("Status"), parameters.integer("Scanner ID"));
        let scans = Scans { status: status.map(str::to_owned), scanner };
        match call.read_list(&scans, parameters).await {
            Err(failure) if failure.has_status(&[404]) => {}
            result => return result,
        }
        let jobs = running_jobs(call).await?;
        call.warn("scans-not-kept", "This instance keeps no history of scans, so the list has only those that run.");
        let fits = |job: &&crate::scans::ScanJob| {
            scanner.is_none_or(|id| job.scanner == id) && status.is_none_or(|status| job.status() == status)
        };
        let is_first = parameters.integer("Page").is_none_or(|page| page == 1);
        let rows: Vec<_> = jobs.iter().filter(fits).filter(|_| is_first).map(crate::scans::ScanJob::row).collect();
        if rows.is_empty() { Ok(()) } else { call.hand_on(ReplyPage::of_rows(rows)).await }
    }
}
