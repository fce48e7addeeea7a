//! List Scan Surfaces: a page, or all, of what was asked to be scanned, of one scanner or of all.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use super::scanner_choice::ScannerChoice;
use crate::session::Call;
use crate::vendor::{Failure, ScanSurface};

pub(super) struct ListScanSurfaces;

#[async_trait]
impl CommandHandler for ListScanSurfaces {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(ScanSurface { scanner: None }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let choice = ScannerChoice::of(parameters.text("Scanner ID"), call).await?;
        call.read_list(&ScanSurface { scanner: choice.id() }, parameters).await
    }
}
