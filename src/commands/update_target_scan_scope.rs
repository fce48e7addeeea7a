//! Update Target Scan Scope: takes a target into the scans or out of them.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{Failure, TargetScope};

pub(super) struct UpdateTargetScanScope;

#[async_trait]
impl CommandHandler for UpdateTargetScanScope {
    fn probe(&self) -> Probe {
        Probe::Role
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let endpoint = TargetScope {
            target: required_integer(parameters, "Target ID")?,
            scope: parameters.text("Scope").unwrap_or_default().to_owned(),
        };
        call.write(&endpoint).await
    }
}
