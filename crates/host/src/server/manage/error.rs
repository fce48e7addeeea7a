//! Why an operation was not done, and with which status that is answered.

use axum::http::StatusCode;
use soar_store::StoreError;

use crate::Refusal;
use crate::gate::{Call, Reply};

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub(in crate::server) enum ManageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The call cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// It can be read, and not be done.
    #[error("{0}")]
    Refused(String),
    #[error("This host runs no connectors, so it has no connections to do that with.")]
    NoConnectors,
}

impl From<Refusal> for ManageError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Because(reason) => Self::Refused(reason),
            Refusal::About(error) | Refusal::Store(error) => Self::Store(error),
        }
    }
}

impl ManageError {
    /// Whether doing it again may succeed, for another transaction stood in the way.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }

    pub(super) fn reply(&self, call: &Call) -> Reply {
        let status = match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) | Self::Store(StoreError::Invalid(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(StoreError::NotFound { .. }) => StatusCode::NOT_FOUND,
            Self::Store(StoreError::Duplicate { .. } | StoreError::InUse { .. } | StoreError::Conflict(_)) => {
                StatusCode::CONFLICT
            }
            Self::Store(error) => return Reply::store_failed(&call.host.store, &call.entry, error),
            Self::NoConnectors => return Reply::unavailable(&self.to_string(), self.to_string()),
        };
        Reply::error(status, self.to_string())
    }
}
