//! Reads the host's replies for the tools.

use axum::http::StatusCode;
use serde::Deserialize;
use soar_mcp::{Problem, ToolAnswer};

use crate::gate::ApiReply;

/// The answer in a reply of the Command API.
pub(super) fn answer(reply: &ApiReply) -> Result<ToolAnswer, Problem> {
    if reply.status == StatusCode::OK { ToolAnswer::read(&reply.body) } else { Err(problem(reply)) }
}

/// The problem in a reply of the Command API.
pub(super) fn problem(reply: &ApiReply) -> Problem {
    #[derive(Deserialize)]
    struct Refused {
        #[serde(alias = "error", rename = "Error")]
        error: String,
    }
    let code = match reply.status.as_u16() {
        200 | 403 => "refused",
        400 => "invalid-argument",
        401 => "not-authenticated",
        404 => "not-found",
        409 => "still-running",
        422 => "refused",
        429 => "rate-limited",
        _ => "host-failed",
    };
    let refused = serde_json::from_slice::<Refused>(&reply.body);
    let message = refused.map_or_else(|_| "The host refused the call.".to_owned(), |refused| refused.error);
    let cure = "Do what the message says.";
    let problem = Problem::new(code, message, "The host did not run the command.", cure);
    if reply.retry_after.is_some() { problem.retryable() } else { problem }
}
