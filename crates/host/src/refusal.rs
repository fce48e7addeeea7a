//! Why the host did not do what a caller asked for.

use soar_connector::{InvalidCall, ParameterProblems};
use soar_store::StoreError;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The call is wrong: a value cannot be used, or it names something that does not exist.
    #[error("{0}")]
    Because(String),
    /// The call is right, but the caller lacks a right, or the host cannot carry it out now.
    #[error("{0}")]
    Unable(String),
    /// The command does not take these parameters.
    #[error(transparent)]
    Parameters(ParameterProblems),
    /// The thing that was asked for does not exist, its name is taken, it was changed meanwhile, or it cannot be kept.
    #[error(transparent)]
    About(StoreError),
    /// The store failed. A remote caller learns no more than that.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    /// What a caller can mend is about what was asked for; all else is a failure of the store.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. }
            | StoreError::Duplicate { .. }
            | StoreError::Invalid(_)
            | StoreError::InUse { .. }
            | StoreError::TooLarge
            | StoreError::Conflict(_) => Self::About(error),
            _ => Self::Store(error),
        }
    }
}

impl From<InvalidCall> for Refusal {
    fn from(invalid: InvalidCall) -> Self {
        match invalid {
            InvalidCall::Command(unknown) => Self::Because(unknown.to_string()),
            InvalidCall::Parameters { problems, .. } => Self::Parameters(problems),
        }
    }
}
