//! Why the host did not do what a caller asked for.

use std::time::Duration;

use soar_connector::{InvalidCall, ParameterProblems};
use soar_store::StoreError;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The call is wrong: a value cannot be used, or it names something that does not exist.
    #[error("{0}")]
    Because(String),
    /// The call is right, but the caller lacks the right to make it.
    #[error("{0}")]
    Forbidden(String),
    /// The call is right, but the host cannot carry it out now.
    #[error("{0}")]
    Unable(String),
    /// The command does not take these parameters.
    #[error(transparent)]
    Parameters(ParameterProblems),
    /// The thing that was asked for does not exist, its name is taken, it was changed meanwhile, or it cannot be kept.
    #[error(transparent)]
    About(StoreError),
    /// The command did not end within its timeout, which is this long.
    #[error(
        "The command took longer than its timeout of {} s and was undone. Nothing was changed. Try it with fewer items.",
        .0.as_secs()
    )]
    TimedOut(Duration),
    /// The command has a defect. The log has the panic's message.
    #[error("The command panicked.")]
    Panicked,
    /// The store failed. A remote caller learns no more than that.
    #[error(transparent)]
    Store(StoreError),
}

impl Refusal {
    /// Whether the host failed. Then the same call may succeed later, so this is no answer to keep.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Panicked | Self::Store(_))
    }
}

impl From<StoreError> for Refusal {
    /// An error that the caller can correct is about the thing that was asked for; any other is a failure of the store.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. }
            | StoreError::Duplicate { .. }
            | StoreError::Invalid(_)
            | StoreError::InUse { .. }
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
