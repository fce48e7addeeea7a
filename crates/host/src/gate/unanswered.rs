//! How a call ends without an answer: its connection is closed, or where that carries other calls, its stream.

use axum::response::Response;

use super::Reply;

/// Stands in the response to a call that is not to be answered, and is then the error by which the server closes the
/// connection.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the call is not answered")]
pub(crate) struct Unanswered;

/// A response that [`unless_unanswered`] withholds. Without it the caller is told to call less often.
pub(super) fn unanswered() -> Response {
    let mut response = Reply::rate_limited(1).into_response("");
    response.extensions_mut().insert(Unanswered);
    response
}

/// The response, unless there is to be none.
///
/// # Errors
/// [`Unanswered`] where there is to be none.
pub(crate) fn unless_unanswered(response: Response) -> Result<Response, Unanswered> {
    match response.extensions().get::<Unanswered>() {
        Some(unanswered) => Err(*unanswered),
        None => Ok(response),
    }
}
