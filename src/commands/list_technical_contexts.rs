//! List Technical Contexts: a page, or all, of contexts, of one risk level or of all.

use async_trait::async_trait;
use soar_connector::Parameters;

use super::CommandHandler;
use super::probe::Probe;
use crate::session::Call;
use crate::vendor::{Failure, RiskLevel, TechnicalContexts};

pub(super) struct ListTechnicalContexts;

#[async_trait]
impl CommandHandler for ListTechnicalContexts {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(TechnicalContexts { risk_level: None }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let endpoint = TechnicalContexts { risk_level: parameters.text("Risk Level").and_then(RiskLevel::parse) };
        call.read_list(&endpoint, parameters).await
    }
}
