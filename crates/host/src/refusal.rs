//! The reasons for which the host refuses a request.

use std::time::Duration;

use soar_connector::{InvalidCall, ParameterProblems, SettingsError};
use soar_store::StoreError;
use soar_store::model::name::InvalidName;

/// The reason for which the host did nothing.
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
    /// A connection cannot have these parameters.
    #[error(transparent)]
    Settings(SettingsError),
    /// The command does not take these parameters.
    #[error(transparent)]
    Parameters(ParameterProblems),
    /// The requested object does not exist, its name is taken, another call changed it meanwhile, or it cannot be
    /// stored.
    #[error(transparent)]
    About(StoreError),
    /// The command did not end within this timeout.
    #[error(
        "The command took longer than its timeout of {} s and was undone. Nothing was changed. Try it with fewer items.",
        .0.as_secs()
    )]
    TimedOut(Duration),
    /// The command has a defect. The log has the panic's message.
    #[error("The command panicked.")]
    Panicked,
    /// The store failed. A remote caller does not get the cause.
    #[error(transparent)]
    Store(StoreError),
}

impl Refusal {
    /// Whether the host failed. The same call may succeed later, so the host does not keep this answer.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::Panicked | Self::Store(_))
    }
}

impl From<InvalidName> for Refusal {
    fn from(error: InvalidName) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for Refusal {
    /// An error that the caller can correct becomes [`Refusal::About`]. Any other error becomes [`Refusal::Store`].
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. }
            | StoreError::Duplicate { .. }
            | StoreError::Invalid(_)
            | StoreError::InUse { .. }
            | StoreError::LastAdministrator(_)
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
