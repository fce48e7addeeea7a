//! Utility commands: the host's own, which act on what it keeps.

mod answer;
mod more;

use async_trait::async_trait;
use soar_connector::Parameters;

pub use answer::{Answer, Ended, Refusal};
pub use more::More;

use crate::model::Caller;
use crate::store::Records;

/// A utility command. What it is and takes is in `manifest/commands`, under its name.
#[async_trait]
pub trait UtilityCommand: Send + Sync {
    /// Its name in the manifest, such as `Close Incident in Bulk`.
    fn name(&self) -> &'static str;

    /// The last part of its address, such as `CloseIncidentInBulk`.
    fn endpoint(&self) -> &'static str;

    /// Runs it within one transaction, which the caller commits together with the answer and the audit entry: so it is
    /// done whole or not at all. A command that only reads may get a [`Records`] that refuses changes.
    ///
    /// `now` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`Refusal`] when nothing was done, for want of a right or because of a parameter's value.
    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: i64,
    ) -> Result<Answer, Refusal>;
}
