//! List Scanners: all scanners of the tenant.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use crate::session::Call;
use crate::vendor::{Failure, Scanners};

pub(super) struct ListScanners;

#[async_trait]
impl CommandHandler for ListScanners {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(Scanners))
    }

    async fn run(&self, _: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        call.read_whole(&Scanners).await
    }
}
