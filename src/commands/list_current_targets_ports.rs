//! List Current Targets Ports: a page, or all, of what was asked to be scanned and the ports found there.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use crate::session::Call;
use crate::vendor::{Failure, TargetPorts};

pub(super) struct ListCurrentTargetsPorts;

#[async_trait]
impl CommandHandler for ListCurrentTargetsPorts {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(TargetPorts))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        call.read_list(&TargetPorts, parameters).await
    }
}
