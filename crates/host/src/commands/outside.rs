//! The host's own commands that call other instances. They cannot run within a transaction.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_store::model::Caller;

use crate::Refusal;
use crate::utility::Answer;

/// A command that waits for something other than the store. It must be idempotent: a repeated call may run it again.
#[async_trait]
pub trait ExternalCommand: Send + Sync {
    /// Checks the parameters beyond the manifest, before the command runs.
    ///
    /// # Errors
    /// All problems.
    fn check(&self, parameters: &Parameters) -> Result<(), Vec<String>>;

    /// Runs the command.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was done.
    async fn run(&self, caller: &Caller, parameters: &Parameters) -> Result<Answer, Refusal>;
}
