//! The errors of operations.

use soar_store::model::FindingSequence;
use soar_store::{EarlierCall, StoreError};

use crate::Refusal;
use crate::conflicts::MayConflict;

/// The reason for which an operation was not performed.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The operation was refused, or the store failed.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The operation needs a connection, and this host runs no connectors.
    #[error("This host runs no connectors, so it has no connections.")]
    NoConnectors,
    /// A call under the same Idempotency-Key came first. The operation is not performed again.
    #[error("The call {} under this Idempotency-Key came first.", .0.request_id)]
    Repeated(Box<EarlierCall>),
    /// The first call under the same Idempotency-Key still runs.
    #[error("The first call under this Idempotency-Key still runs. Repeat it later to get its answer.")]
    StillRunning,
    /// The log of changes of findings cannot go on from the caller's number.
    #[error("{why} Go on from {go_on_from}.")]
    NotInLog {
        /// The reason, as a sentence.
        why: String,
        /// The number to go on from.
        go_on_from: FindingSequence,
    },
    /// A file could not be read or written.
    #[error("The file could not be read or written: {0}")]
    File(std::io::Error),
    /// The Idempotency-Key was used for another call before.
    #[error("This Idempotency-Key belongs to another call. Use a new key for a new call.")]
    KeyReused,
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        Self::Refusal(error.into())
    }
}

impl MayConflict for OperationError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Refusal(error) if error.is_conflict())
    }
}
