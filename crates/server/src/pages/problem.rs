//! The reason for which a page was refused, or failed.

use axum::http::StatusCode;
use serde_json::Value;

use crate::gate::ApiReply;

/// The status of a page that was refused or failed, and the text for the person who sees the page.
#[derive(Debug, Clone)]
pub struct PageProblem {
    /// The status.
    pub status: StatusCode,
    /// The text for the person.
    pub message: String,
    /// The value of Retry-After in seconds.
    pub retry_after: Option<u64>,
    /// The reason for the audit log.
    pub reason: String,
    /// Whether nothing was done because the store did not take the change in time. It does not take an audit entry either.
    pub store_is_busy: bool,
}

impl PageProblem {
    /// A problem whose reason in the audit log is the message.
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, reason: message.clone(), message, retry_after: None, store_is_busy: false }
    }
}

impl From<ApiReply> for PageProblem {
    fn from(reply: ApiReply) -> Self {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let message = body["Error"].as_str().or_else(|| body["error"].as_str()).unwrap_or(&reply.reason);
        // The Command API answers some failures with the status 200. A page does not.
        let status = if reply.status.is_success() { StatusCode::UNPROCESSABLE_ENTITY } else { reply.status };
        Self {
            status,
            message: message.to_owned(),
            retry_after: reply.retry_after,
            reason: reply.reason,
            store_is_busy: false,
        }
    }
}
