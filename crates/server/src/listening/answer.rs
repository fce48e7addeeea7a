//! The body of an answer, sent in pieces, so that the host knows when the caller last read a piece.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::connection::AcceptedConnection;

/// The largest piece in bytes.
const PIECE: usize = 64 * 1024;

/// An answer that is being sent. It counts as under way until its last piece is sent or dropped.
#[derive(Debug)]
pub(super) struct AnswerInFlight {
    connection: Arc<AcceptedConnection>,
    number: u64,
}

impl AnswerInFlight {
    pub(super) fn new(connection: Arc<AcceptedConnection>, number: u64) -> Self {
        Self { connection, number }
    }
}

impl Drop for AnswerInFlight {
    fn drop(&mut self) {
        self.connection.answer_ended(self.number);
    }
}

/// A piece of an answer. HTTP/2 may hold it after the end of the body until the caller's window has room.
struct Piece {
    bytes: Bytes,
    _answer: Arc<AnswerInFlight>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The body of an answer that is being sent.
#[derive(Debug)]
pub(super) struct AnswerBody {
    source: Body,
    /// The bytes from the source that are not sent yet.
    rest: Bytes,
    answer: Arc<AnswerInFlight>,
}

impl AnswerBody {
    pub(super) fn new(source: Body, answer: AnswerInFlight) -> Self {
        Self { source, rest: Bytes::new(), answer: Arc::new(answer) }
    }
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let AnswerInFlight { connection, number } = &*this.answer;
        while this.rest.is_empty() {
            // The wait for the source does not count as a stalled caller.
            connection.answer_waits(*number);
            match ready!(Pin::new(&mut this.source).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => this.rest = bytes,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        connection.answer_progressed(*number);
        let bytes = this.rest.split_to(this.rest.len().min(PIECE));
        let piece = Bytes::from_owner(Piece { bytes, _answer: Arc::clone(&this.answer) });
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.source.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
