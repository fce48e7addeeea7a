//! One call on a connection, from its request to its answer.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};

use super::answer::{AnswerBody, AnswerInFlight};
use super::connection::AcceptedConnection;

/// A call under way. The connection counts it until it is dropped.
#[derive(Debug)]
pub(super) struct RunningCall(Arc<AcceptedConnection>);

impl RunningCall {
    pub(super) fn begin(connection: &Arc<AcceptedConnection>) -> Self {
        connection.call_began();
        Self(Arc::clone(connection))
    }

    /// Ends the call with an answer for the caller to read.
    pub(super) fn answered(self, body: Body) -> AnswerBody {
        let number = self.0.answer_began(!body.is_end_stream());
        AnswerBody::new(body, AnswerInFlight::new(Arc::clone(&self.0), number))
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        self.0.call_ended();
    }
}
