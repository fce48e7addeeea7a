//! List Tenants: all tenants that the user can act in, since there is no Page input although newer instances page them.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::Handler;
use super::probe::Probe;
use crate::session::Call;
use crate::vendor::{Failure, Tenants};

pub(super) struct ListTenants;

#[async_trait]
impl Handler for ListTenants {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(Tenants))
    }

    async fn run(&self, _: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        call.read_whole(&Tenants).await
    }
}
