//! List Tenants: all tenants that the user can act in, since there is no Page input although newer instances page them.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use crate::session::Call;
use crate::vendor::{Failure, TenantsEndpoint};

pub(super) struct ListTenants;

#[async_trait]
impl CommandHandler for ListTenants {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(TenantsEndpoint))
    }

    async fn run(&self, _: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        call.read_whole(&TenantsEndpoint).await
    }
}
