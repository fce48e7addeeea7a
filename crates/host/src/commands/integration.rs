//! Integration commands as the Command API calls them.

use async_trait::async_trait;
use soar_connector::{Command, RawParameters};
use soar_store::model::Caller;

use crate::Refusal;
use crate::utility::Answer;

/// A command of a connector.
#[derive(Debug, Clone)]
pub struct IntegrationCommand {
    /// The last part of its address, such as `ListDevices`.
    pub endpoint: String,
    /// What it is and takes.
    pub manifest: Command,
}

/// Runs commands on connections.
#[async_trait]
pub trait IntegrationCommands: Send + Sync {
    /// The commands of all connectors; asked for once. Those of several connectors can have one address.
    fn commands(&self) -> Vec<IntegrationCommand>;

    /// Runs the command of that address, on the connection that the caller's site has, or that `Connection Name` in
    /// `parameters` names. The connection decides whose command it is, so it checks the parameters.
    ///
    /// # Errors
    /// [`Refusal`] when the vendor was not called: a command that was and failed is an answer whose `returnData` is
    /// Failed.
    async fn run(&self, caller: &Caller, endpoint: &str, parameters: RawParameters) -> Result<Answer, Refusal>;
}
