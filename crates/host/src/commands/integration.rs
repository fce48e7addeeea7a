//! The interface through which the Command API runs integration commands.

use async_trait::async_trait;
use soar_connector::{Command, RawParameters};
use soar_store::model::Caller;

use crate::Refusal;
use crate::utility::Answer;

/// A command of a connector.
#[derive(Debug, Clone)]
pub struct IntegrationCommand {
    /// The last part of the command's address, such as `ListDevices`.
    pub endpoint: String,
    /// The command's manifest.
    pub manifest: Command,
}

/// Runs commands on connections.
#[async_trait]
pub trait IntegrationCommands: Send + Sync {
    /// The commands of all connectors. The host calls this once. Commands of different connectors can have the same
    /// address.
    fn commands(&self) -> Vec<IntegrationCommand>;

    /// Runs the command at that address. It runs on the connection that `Connection Name` in `parameters` names, or
    /// else on the only connection of the caller's site. The manifest of the connection's integration checks the
    /// parameters.
    ///
    /// # Errors
    /// [`Refusal`] when the vendor was not called. A command that called the vendor and failed returns an answer whose
    /// `returnData` is Failed.
    async fn run(&self, caller: &Caller, endpoint: &str, parameters: RawParameters) -> Result<Answer, Refusal>;
}
