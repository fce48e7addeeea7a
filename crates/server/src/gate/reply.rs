//! The replies in D3's form: lower-case `error` with status 200, capital `Error` with any other status.

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
use soar_host::utility::{Answer, CommandResult};

const INVALID_KEY: &str = "Invalid authentication key.";
const UNEXPECTED: &str = "Unexpected Error.";
const STORE_FAILS: &str = "The host's store does not work now, so nothing was done. The host's log has the cause. Try \
                           again later.";
const NOBODY_KNOWS: &str = "The host's store failed while it stored the change, so it is unknown whether the change \
                            was made. Repeat the call with the same Idempotency-Key, which does nothing twice. If the \
                            call had none, check before you repeat it.";
const DONE_WITHOUT_ANSWER: &str = "The call was carried out, but the host's store failed before its answer could be \
                                   stored, so the answer is not returned. Check the call's effect before you repeat it.";
const MAYBE_DONE: &str = "The host's store failed while the command ran, so the command's effect is unknown. Check its \
                          effect before you repeat it.";
const RATE_LIMITED: &str = "The request exceeds rate limits or is otherwise blocked by rate limiting policies.";

/// The value of Retry-After in seconds for a caller whose quota of kept answers is used up.
const QUOTA_PAUSE: u64 = 60;

/// An answer, and its part of the audit entry.
#[derive(Debug, Clone)]
pub(crate) struct ApiReply {
    pub status: StatusCode,
    pub body: Bytes,
    /// The value of Retry-After in seconds.
    pub retry_after: Option<u64>,
    /// Whether the call was accepted.
    pub accepted: bool,
    /// The reason of the refusal or the failure, for the audit log.
    pub reason: String,
    /// The limit of all callers together that the call met.
    pub limit: Option<&'static str>,
}

impl ApiReply {
    /// A command's answer.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] and [`StoreError::Busy`]: see [`bounded_json`].
    pub(crate) fn answer(answer: &Answer, room: &AnswerRoom) -> Result<Self, StoreError> {
        Ok(Self {
            status: StatusCode::OK,
            body: bounded_json(answer, room)?,
            retry_after: None,
            accepted: answer.return_data != CommandResult::Failed,
            reason: answer.error.clone(),
            limit: None,
        })
    }

    /// The answer of a command that did nothing, with the error.
    pub(crate) fn refused(error: impl Into<String>) -> Self {
        let error = error.into();
        let body = json!({ "error": error, "returnData": CommandResult::Failed }).to_string().into();
        Self { body, ..Self::error(StatusCode::OK, error) }
    }

    /// An answer with this status and body.
    pub(crate) fn body(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), retry_after: None, accepted: true, reason: String::new(), limit: None }
    }

    /// The answer to a call whose operation failed.
    pub(crate) fn failed(store: &Store, entry: &AuditEntry, error: &OperationError) -> Self {
        let status = match error {
            OperationError::Refusal(
                Refusal::Because(_)
                | Refusal::Forbidden(_)
                | Refusal::Unable(_)
                | Refusal::Settings(_)
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
            OperationError::NotInLog { go_on_from, .. } => {
                let (text, next) = (error.to_string(), go_on_from.0);
                let body = json!({ "Error": text, "goOnFrom": next }).to_string();
                return Self { accepted: false, reason: text, ..Self::body(StatusCode::GONE, body) };
            }
            OperationError::StillRunning => {
                return Self { retry_after: Some(1), ..Self::error(StatusCode::CONFLICT, error.to_string()) };
            }
            OperationError::Repeated(earlier) => {
                let Some((status, body)) = &earlier.answer else {
                    return Self::unexpected("A claim without an answer was kept.");
                };
                let reply = Self::body(StatusCode::from_u16(*status).unwrap_or(StatusCode::OK), body.clone());
                return Self {
                    reason: format!("The call got the answer of the call {}.", earlier.request_id),
                    ..reply
                };
            }
        };
        Self::error(status, error.to_string())
    }

    /// An error with a status other than 200. The caller gets `error`.
    pub(crate) fn error(status: StatusCode, error: impl Into<String>) -> Self {
        let error = error.into();
        let body = json!({ "Error": error }).to_string();
        Self { accepted: false, reason: error, ..Self::body(status, body) }
    }

    /// The answer to a call without a valid key. The caller does not get the reason.
    pub(crate) fn unauthenticated(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string(), ..Self::error(StatusCode::UNAUTHORIZED, INVALID_KEY) }
    }

    pub(crate) fn rate_limited(retry_after: u64) -> Self {
        Self { retry_after: Some(retry_after.max(1)), ..Self::error(StatusCode::TOO_MANY_REQUESTS, RATE_LIMITED) }
    }

    /// The answer after an unexpected error. The caller does not get the cause, which is in the log.
    pub(crate) fn unexpected(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::error(StatusCode::INTERNAL_SERVER_ERROR, UNEXPECTED) }
    }

    /// The caller closed the connection before the answer, so the command was stopped. The reply is only for the audit
    /// log. Other servers use this status too.
    pub(crate) fn caller_gone() -> Self {
        let status = StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT);
        Self::error(status, "The caller closed the connection before the answer.")
    }

    /// The host cannot accept the call now.
    pub(crate) fn unavailable(error: &str, reason: impl Into<String>) -> Self {
        let reply = Self::error(StatusCode::SERVICE_UNAVAILABLE, error);
        Self { retry_after: Some(1), reason: reason.into(), ..reply }
    }

    /// A call beyond a limit of the calls under way.
    pub(crate) fn beyond_calls(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Own => Self::beyond_share(),
            Exceeded::All => Self::too_many_messages(),
        }
    }

    /// A call whose body is beyond a limit of the bytes under way.
    pub(super) fn beyond_bytes(exceeded: Exceeded) -> Self {
        match exceeded {
            Exceeded::Own => Self::beyond_share(),
            Exceeded::All => Self::too_many_bytes(),
        }
    }

    /// A limit of all callers together is met; the log says so.
    fn beyond_limit(error: &str, limit: &'static str) -> Self {
        Self { limit: Some(limit), ..Self::unavailable(error, limit) }
    }

    /// No place is free to run the call.
    pub(crate) fn too_many_calls() -> Self {
        let limit = "The limit calls-in-flight is met.";
        Self::beyond_limit("The host's limit of running calls is reached. Try again later.", limit)
    }

    /// The limit of messages of masters under way is reached.
    pub(crate) fn too_many_messages() -> Self {
        let limit = "The limit of messages of masters under way is met.";
        Self::beyond_limit("The host's limit of messages under way is reached. Try again later.", limit)
    }

    /// The limit of files that arrive at once is reached.
    pub(crate) fn too_many_uploads() -> Self {
        let limit = "The limit of files that arrive at once is met.";
        Self::beyond_limit("The host's limit of files that arrive at once is reached. Try again later.", limit)
    }

    /// The bodies under way leave no room for more bytes.
    fn too_many_bytes() -> Self {
        let limit = "The limit received-bytes of all bodies under way is met.";
        Self::beyond_limit("The host's limit of bytes that arrive at once is reached. Try again later.", limit)
    }

    /// The caller exceeds its share of calls or bytes under way.
    fn beyond_share() -> Self {
        let reason = "The caller's limit of calls or bytes of bodies under way is reached.";
        Self { reason: reason.to_owned(), ..Self::rate_limited(1) }
    }

    /// The store failed before the call had an effect, unless `error` says that the outcome is unknown.
    pub(crate) fn store_failed(store: &Store, entry: &AuditEntry, error: &StoreError) -> Self {
        let AuditEntry { request_id, command, .. } = entry;
        if matches!(error, StoreError::TooLong) {
            tracing::warn!(request_id, command, "{error}");
            return Self::unavailable(&error.to_string(), error.to_string());
        }
        if let StoreError::Busy(limit) = error {
            return Self::beyond_limit(&error.to_string(), limit);
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
            tracing::error!(request_id, command, "It is unknown whether a call changed something. {error}");
            return Self::unavailable(NOBODY_KNOWS, error.to_string());
        }
        if is_noted {
            tracing::debug!(request_id, command, %error, "a call failed because the store failed");
            return Self::unavailable(STORE_FAILS, error.to_string());
        }
        tracing::error!(request_id, command, %error, "a call failed because the store failed");
        Self::unexpected(error.to_string())
    }

    /// The call had an effect, but its answer or its audit entry could not be stored.
    pub(crate) fn done(reason: impl Into<String>) -> Self {
        Self::unavailable(DONE_WITHOUT_ANSWER, reason)
    }

    /// The call may have had an effect.
    pub(crate) fn maybe_done(reason: impl Into<String>) -> Self {
        Self::unavailable(MAYBE_DONE, reason)
    }

    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        // Room for the headers below and the common headers.
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
        response
    }
}
