//! Get Technical Context: one technical context.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{Failure, TechnicalContext};

pub(super) struct GetTechnicalContext;

#[async_trait]
impl CommandHandler for GetTechnicalContext {
    fn probe(&self) -> Probe {
        Probe::about("List Technical Contexts", |id| Box::new(TechnicalContext { id }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let id = required_integer(parameters, "Context ID")?;
        call.read_page(&TechnicalContext { id }, None).await
    }
}
