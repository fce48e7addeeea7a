//! Handles bodies of HTTP/1 requests that were answered before the host had read the body.
//!
//! Hyper closes the connection after such an answer without a header that announces it, and the caller's next request on
//! the connection is lost. The host therefore reads and drops a small body, and otherwise sends `Connection: close`.

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

/// The most bytes of an unread body that the host drops.
const DROPPED_BYTES: u64 = 64 * 1024;

/// The timeout for dropping an unread body.
const DROPPED_WITHIN: Duration = Duration::from_millis(100);

/// The body of a request. On drop it moves the unread rest to `unread`.
#[derive(Debug)]
pub(crate) struct IncomingBody {
    body: Option<Incoming>,
    unread: UnreadBody,
}

/// The unread rest of a request's body, after the answer was made.
#[derive(Debug, Clone)]
pub(super) struct UnreadBody {
    body: Arc<Mutex<Option<Incoming>>>,
    version: Version,
    /// Whether the caller sends the body without waiting for `100 Continue`.
    is_on_its_way: bool,
}

impl IncomingBody {
    /// Wraps the body of a request.
    pub(super) fn of(request: Request<Incoming>) -> (Request<Self>, UnreadBody) {
        let is_on_its_way = !request.headers().contains_key(EXPECT);
        let unread = UnreadBody { body: Arc::default(), version: request.version(), is_on_its_way };
        (request.map(|body| Self { body: Some(body), unread: unread.clone() }), unread)
    }
}

impl HttpBody for IncomingBody {
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

impl Drop for IncomingBody {
    fn drop(&mut self) {
        *self.unread.lock() = self.body.take().filter(|body| !body.is_end_stream());
    }
}

impl UnreadBody {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Incoming>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops the unread rest, so that the connection can stay open. If the rest is too long or too slow, the answer gets
    /// `Connection: close`.
    pub(super) async fn settle<B>(self, response: &mut Response<B>) {
        // HTTP/2 ends the stream and not the connection.
        let Some(body) = self.lock().take().filter(|_| self.version < Version::HTTP_2) else { return };
        let dropped = async { self.is_on_its_way && drop_rest(body).await };
        if !tokio::time::timeout(DROPPED_WITHIN, dropped).await.unwrap_or_default() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Reads and drops the body. Returns whether it ended within the limit.
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
