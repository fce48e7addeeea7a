//! Patch Rescan: scans everything again, with one scanner or with every active one.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use super::scanner_choice::ScannerChoice;
use crate::session::Call;
use crate::vendor::{Failure, Rescan};

pub(super) struct PatchRescan;

#[async_trait]
impl CommandHandler for PatchRescan {
    fn probe(&self) -> Probe {
        Probe::Role
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let choice = ScannerChoice::of(parameters.text("Scanner ID"), call).await?;
        call.write(&Rescan { scanner: choice.id() }).await
    }
}
