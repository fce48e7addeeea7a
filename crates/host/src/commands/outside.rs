//! Commands of the host's own that have to do with others than its store, so that they cannot be part of a transaction.

use async_trait::async_trait;
use soar_connector::Parameters;
use soar_store::model::Caller;

use crate::Refusal;
use crate::utility::Answer;

/// Such a command. Done twice it does no harm, so a repeated call may run it again.
#[async_trait]
pub trait ExternalCommand: Send + Sync {
    /// What of the parameters is missing or wrong beyond what the manifest says, before anything is done.
    ///
    /// # Errors
    /// All of it.
    fn check(&self, parameters: &Parameters) -> Result<(), Vec<String>>;

    /// Runs it.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was done.
    async fn run(&self, caller: &Caller, parameters: &Parameters) -> Result<Answer, Refusal>;
}
