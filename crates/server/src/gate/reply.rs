//! What a call is answered with, in D3's shapes: lower-case `error` with 200, capital `Error` with everything else.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;
use soar_store::model::AuditEntry;
use soar_store::{AnswerRoom, Store, StoreError};

use super::bounded_json;
use crate::limits::Exceeded;
use soar_host::Refusal;
use soar_host::operations::OperationError;
use soar_host::utility::{Answer, Ended};

const INVALID_KEY: &str = "Invalid authentication key.";
const UNEXPECTED: &str = "Unexpected Error.";
const STORE_FAILS: &str = "The host's store cannot be used now, so nothing was done. Its keeper finds the cause in the host's log. Try again later.";
const NOBODY_KNOWS: &str = "The host's store broke off while it kept the change, so nobody knows whether it was made. Repeat the \
     call under the same Idempotency-Key, which does nothing twice. If it had none, look before you repeat it.";
const DONE: &str = "The call was carried out, but the host's store failed before its answer could be kept, so the answer is kept \
     back. Look at what it did before you repeat it.";
const MAYBE_DONE: &str = "The host's store failed while the command ran, so nobody knows whether it was carried out. Look at \
     what it did before you repeat it.";
const RATE_LIMITED: &str = "The request exceeds rate limits or is otherwise blocked by rate limiting policies.";

/// How many seconds a caller is told to wait whose quota of kept answers is used up.
const QUOTA_PAUSE: u64 = 60;

/// An answer, and what the audit log says of it.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
    /// In seconds.
    pub retry_after: Option<u64>,
    /// Whether the call was let in and not refused.
    pub accepted: bool,
    /// Why it was refused, or how it failed; for the audit log.
    pub reason: String,
}

impl Reply {
    /// A command's answer.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] and [`StoreError::Busy`]: see [`bounded_json`].
    pub(crate) fn answer(answer: &Answer, room: &AnswerRoom) -> Result<Self, StoreError> {
        Ok(Self {
            status: StatusCode::OK,
            body: bounded_json(answer, room)?,
            retry_after: None,
            accepted: answer.return_data != Ended::Failed,
            reason: answer.error.clone(),
        })
    }

    /// A command that did nothing, and says why.
    pub(crate) fn refused(error: impl Into<String>) -> Self {
        let error = error.into();
        let body = json!({ "error": error, "returnData": Ended::Failed }).to_string().into();
        Self { status: StatusCode::OK, body, retry_after: None, accepted: false, reason: error }
    }

    /// Any body with `status`.
    pub(crate) fn body(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), retry_after: None, accepted: true, reason: String::new() }
    }

    /// The answer to a call whose operation was not done.
    pub(crate) fn failed(store: &Store, entry: &AuditEntry, error: &OperationError) -> Self {
        let status = match error {
            OperationError::Refusal(
                Refusal::Because(_)
                | Refusal::Forbidden(_)
                | Refusal::Unable(_)
                | Refusal::Parameters(_)
                | Refusal::About(StoreError::Invalid(_) | StoreError::TooLarge),
            )
            | OperationError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            OperationError::Refusal(Refusal::About(StoreError::NotFound { .. })) => StatusCode::NOT_FOUND,
            OperationError::Refusal(Refusal::About(_)) => StatusCode::CONFLICT,
            OperationError::Refusal(Refusal::Store(error)) => return Self::store_failed(store, entry, error),
            OperationError::Refusal(Refusal::TimedOut(_)) | OperationError::NoConnectors => {
                return Self::unavailable(&error.to_string(), error.to_string());
            }
            OperationError::Refusal(Refusal::Panicked) => return Self::unexpected(error.to_string()),
            OperationError::File(cause) => {
                tracing::error!(request_id = entry.request_id, command = entry.command, %cause, "a file failed");
                return Self::unexpected(error.to_string());
            }
            OperationError::StillRunning => {
                return Self { retry_after: Some(1), ..Self::error(StatusCode::CONFLICT, error.to_string()) };
            }
            OperationError::Repeated(earlier) => {
                let Some((status, body)) = &earlier.answer else {
                    return Self::unexpected("A claim without an answer was kept.");
                };
                let reply = Self::body(StatusCode::from_u16(*status).unwrap_or(StatusCode::OK), body.clone());
                return Self { reason: format!("Answered as the call {} was.", earlier.request_id), ..reply };
            }
        };
        Self::error(status, error.to_string())
    }

    /// Anything but 200; the caller reads `error`.
    pub(crate) fn error(status: StatusCode, error: impl Into<String>) -> Self {
        let error = error.into();
        let body = json!({ "Error": error }).to_string().into();
        Self { status, body, retry_after: None, accepted: false, reason: error }
    }

    /// No word to the caller of what was wrong with the key.
    pub(crate) fn unauthenticated(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string(), ..Self::error(StatusCode::UNAUTHORIZED, INVALID_KEY) }
    }

    pub(crate) fn rate_limited(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after.max(1)), ..Self::error(StatusCode::TOO_MANY_REQUESTS, RATE_LIMITED) }
    }

    /// No word to the caller of the cause, which the log has.
    pub(crate) fn unexpected(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::error(StatusCode::INTERNAL_SERVER_ERROR, UNEXPECTED) }
    }

    /// The caller closed the connection before it was answered, so the command was stopped. Nobody reads this reply; the
    /// audit log has its status, which is that of other servers.
    pub(crate) fn caller_gone() -> Self {
        let status = StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        Self::error(status, "The caller closed the connection before the answer.")
    }

    /// The host cannot take the call now.
    pub(crate) fn unavailable(error: &str, reason: impl Into<String>) -> Self {
        let reply = Self::error(StatusCode::SERVICE_UNAVAILABLE, error);
        Self { retry_after: Some(1), reason: reason.into(), ..reply }
    }

    /// A call beyond a limit of the calls under way.
    pub(crate) fn beyond_calls(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Own => Self::beyond_share(),
            Exceeded::All => Self::too_many_calls(),
        }
    }

    /// A call whose body is beyond a limit of the bytes under way.
    pub(super) fn beyond_bytes(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Own => Self::beyond_share(),
            Exceeded::All => Self::too_many_bytes(),
        }
    }

    /// No place is free to run the call.
    pub(crate) fn too_many_calls() -> Self {
        Self::unavailable("The host runs as many calls as it may. Try again later.", "Too many calls at once.")
    }

    /// As many files arrive as may at once.
    pub(crate) fn too_many_uploads() -> Self {
        Self::unavailable("The host receives as many files as it may. Try again later.", "Too many files at once.")
    }

    /// The bodies under way leave no room for more bytes.
    fn too_many_bytes() -> Self {
        let reason = "The bodies of all calls under way are longer than received-bytes.";
        Self::unavailable("The host receives as many bytes as it may. Try again later.", reason)
    }

    /// The caller has as much under way as one caller may.
    fn beyond_share() -> Self {
        let reason = "The caller has as many calls or bytes of bodies under way as one caller may.";
        Self { reason: reason.to_owned(), ..Self::rate_limited(1) }
    }

    /// The store failed before the call of `entry` had done anything that lasts, unless `error` says that nobody knows.
    pub(crate) fn store_failed(store: &Store, entry: &AuditEntry, error: &StoreError) -> Self {
        let AuditEntry { request_id, command, .. } = entry;
        if matches!(error, StoreError::TooLong) {
            tracing::warn!(request_id, command, "{error}");
            return Self::unavailable(&error.to_string(), error.to_string());
        }
        if matches!(error, StoreError::Busy(_)) {
            return Self::unavailable(&error.to_string(), error.to_string());
        }
        if matches!(error, StoreError::TooLarge) {
            return Self::refused(error.to_string());
        }
        if matches!(error, StoreError::AnswersFull { .. }) {
            let reply = Self::error(StatusCode::TOO_MANY_REQUESTS, error.to_string());
            return Self { retry_after: Some(QUOTA_PAUSE), ..reply };
        }
        // Log a shared failure once, not once per call.
        let is_noted = store.note(error);
        if matches!(error, StoreError::Uncertain(_)) {
            tracing::error!(request_id, command, "Nobody knows whether a call changed something. {error}");
            return Self::unavailable(NOBODY_KNOWS, error.to_string());
        }
        if is_noted {
            tracing::debug!(request_id, command, %error, "a call failed for the store");
            return Self::unavailable(STORE_FAILS, error.to_string());
        }
        tracing::error!(request_id, command, %error, "a call failed for the store");
        Self::unexpected(error.to_string())
    }

    /// The call did something that stays done, and there is no room for its answer or its entry.
    pub(crate) fn done(reason: impl Into<String>) -> Self {
        Self::unavailable(DONE, reason)
    }

    /// The call may have done something that stays done.
    pub(crate) fn maybe_done(reason: impl Into<String>) -> Self {
        Self::unavailable(MAYBE_DONE, reason)
    }

    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // Those below, and those that every answer carries.
        headers.reserve(12);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(request_id) = HeaderValue::from_str(request_id) {
            headers.insert("x-request-id", request_id);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.entry(header::ALLOW).or_insert(HeaderValue::from_static("POST"));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // The rest of the body may still be under way.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
