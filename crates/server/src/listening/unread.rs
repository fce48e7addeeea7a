//! The body of an HTTP/1 request that was answered before its body was read.
//!
//! Hyper ends the connection after such an answer without saying so in the answer, and the caller's next request on it is
//! lost. The host therefore drops a small body that is about to arrive, and otherwise says `Connection: close`.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::HttpBody;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{CONNECTION, EXPECT, HeaderValue};
use hyper::{Request, Response, Version};

/// The largest unread body that is dropped, and how long the host waits for it.
const DROPPED_BYTES: u64 = 64 * 1024;
const DROPPED_WITHIN: Duration = Duration::from_millis(100);

/// The body of a request. Where it is not read to its end, the rest is left in `unread`.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: Option<Incoming>,
    unread: Unread,
}

/// What was not read of a request's body, once the request was answered.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    body: Arc<Mutex<Option<Incoming>>>,
    version: Version,
    /// Whether the caller sends its body without being asked.
    is_on_its_way: bool,
}

impl RequestBody {
    /// The request with such a body.
    pub(super) fn of(request: Request<Incoming>) -> (Request<Self>, Unread) {
        let is_on_its_way = !request.headers().contains_key(EXPECT);
        let unread = Unread { body: Arc::default(), version: request.version(), is_on_its_way };
        (request.map(|body| Self { body: Some(body), unread: unread.clone() }), unread)
    }
}

impl HttpBody for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        *self.unread.lock() = self.body.take().filter(|body| !body.is_end_stream());
    }
}

impl Unread {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Incoming>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what was not read, so that the connection can stay; where that is too much or too slow, the answer says that
    /// the connection ends.
    pub(super) async fn settle<B>(self, response: &mut Response<B>) {
        // HTTP/2 ends the stream and not the connection.
        let Some(body) = self.lock().take().filter(|_| self.version < Version::HTTP_2) else { return };
        let dropped = async { self.is_on_its_way && drop_rest(body).await };
        if !tokio::time::timeout(DROPPED_WITHIN, dropped).await.unwrap_or_default() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Whether the body ended before too much of it was dropped.
async fn drop_rest(mut body: Incoming) -> bool {
    if body.size_hint().lower() > DROPPED_BYTES {
        return false;
    }
    let mut dropped = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
        if dropped > DROPPED_BYTES {
            return false;
        }
    }
    true
}
