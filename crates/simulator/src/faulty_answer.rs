//! Makes the wrong answers.

use std::{collections::BTreeMap, convert::Infallible, io, time::Duration};

use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    response::Response,
};
use bytes::Bytes;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use crate::{
    access::{bearer, token_not_valid},
    fault::{ErrorBody, Fault, FaultEffect, FaultKind, RetryAfter},
    reply::{JSON, Reply},
    serve::Hangup,
    world::SimulatedInstance,
};

/// The answer instead of the normal one, if the fault does not need the normal one at all.
pub(crate) fn instead(
    world: &SimulatedInstance,
    effect: &FaultEffect,
    headers: &BTreeMap<String, String>,
) -> Option<Response> {
    let fault = effect.fault.as_ref()?;
    let ok = |body: Vec<u8>| Reply::bytes(StatusCode::OK, JSON, body);
    let reply = match &fault.kind {
        FaultKind::Status(code, body) => fault.status(*code, *body),
        FaultKind::Close => return Some(hang_up()),
        FaultKind::Giant(bytes) => return Some(giant(*bytes)),
        FaultKind::Broken => ok(br#"{"page":1,"totalPages":4,"totalCount":93,"items":[{"id":17,"na"#.to_vec()),
        FaultKind::Html => Reply::page(StatusCode::OK, "Sign in"),
        FaultKind::Empty => Reply::empty(StatusCode::OK),
        FaultKind::Foreign => ok(br#"{"status":"ok","service":"grafana"}"#.to_vec()),
        // "Straße" in Latin-1.
        FaultKind::WrongEncoding => ok(b"{\"detail\":\"Stra\xdfe\",\"items\":[]}".to_vec()),
        FaultKind::Deep => ok([b"[".repeat(100_000), b"]".repeat(100_000)].concat()),
        FaultKind::TokenExpiry => {
            if let Some(token) = bearer(headers) {
                world.tokens.end(token);
            }
            token_not_valid()
        }
        FaultKind::Redirect(url) => Reply::empty(StatusCode::FOUND).with_header(LOCATION, url),
        FaultKind::Delay(_) | FaultKind::Cut | FaultKind::Page(_) | FaultKind::Dress(_) => return None,
    };
    Some(reply.into_response())
}

/// The normal answer, unless the fault cuts it.
pub(crate) fn finish(effect: &FaultEffect, reply: Reply) -> Response {
    match effect.fault.as_ref().map(|fault| &fault.kind) {
        Some(FaultKind::Cut) => cut(reply),
        Some(FaultKind::Dress(dress)) => dress.put_on(reply).into_response(),
        _ => reply.into_response(),
    }
}

impl Fault {
    fn status(&self, code: u16, body: ErrorBody) -> Reply {
        // The text form allows valid statuses only.
        let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = status.canonical_reason().unwrap_or("Error");
        let reply = match body {
            ErrorBody::Detail => Reply::detail(status, reason),
            ErrorBody::Message => Reply::named(status, "message", reason),
            ErrorBody::Fields => Reply::field("nonFieldErrors", reason).with_status(status),
            ErrorBody::Html => Reply::page(status, &format!("{code} {reason}")),
            ErrorBody::Empty => Reply::empty(status),
        };
        match self.retry_after {
            None => reply,
            Some(after) => reply.with_header(RETRY_AFTER, &after.header()),
        }
    }
}

impl RetryAfter {
    fn header(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => {
                // Another machine's clock reads this: the real time counts, not the simulator's.
                let at = Timestamp::now()
                    .saturating_add(SignedDuration::from_secs(i64::from(seconds)))
                    .unwrap_or(Timestamp::MAX);
                rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_else(|_| seconds.to_string())
            }
        }
    }
}

/// No answer; the connection is closed.
fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Hangup);
    response
}

/// The normal answer's headers and half of its body; then the connection is closed.
fn cut(reply: Reply) -> Response {
    /// Bytes that any socket takes at once.
    const SOCKET_BUFFER: usize = 16 * 1024;
    enum SendStep {
        Half(Bytes),
        Flush,
        Fail,
    }
    let mut full = Bytes::from(reply.body);
    // An answer without a body is cut before the body that its headers promise.
    let promised = if full.is_empty() { 64 } else { full.len() };
    let half = full.split_to(full.len() / 2);
    let sent = half.len();
    let body = stream::unfold(SendStep::Half(half), move |step| async move {
        match step {
            SendStep::Half(half) => Some((Ok(half), SendStep::Flush)),
            SendStep::Flush => {
                // hyper sends what it has only when the body is not ready: wait so that it does. What
                // does not fit the socket's buffer needs a moment until the peer has read some.
                if sent > SOCKET_BUFFER {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                } else {
                    tokio::task::yield_now().await;
                }
                Some((Ok(Bytes::new()), SendStep::Fail))
            }
            SendStep::Fail => Some((Err(io::Error::other("cut on purpose")), SendStep::Fail)),
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    *response.status_mut() = reply.status;
    response.headers_mut().extend(reply.headers);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(promised));
    response
}

/// JSON of this many bytes, sent in chunks, never held. Smaller than its own frame, it is cut short.
fn giant(bytes: u64) -> Response {
    const START: &[u8] = br#"{"page":1,"totalPages":1,"totalCount":1000000,"items":["#;
    const LAST: &[u8] = br#"{"id":0}]}"#;
    const ROW: &[u8] = br#"{"id":1,"name":"host-0001.example","ip":"192.0.2.1","riskLevel":2},"#;
    const ROWS_IN_CHUNK: usize = 1_000;
    let row = ROW.len() as u64;
    let middle = bytes.saturating_sub((START.len() + LAST.len()) as u64);
    let chunk = Bytes::from(ROW.repeat(ROWS_IN_CHUNK));
    let padding = vec![b' '; usize::try_from(middle % row).unwrap_or(0)];
    let mut end = [padding.as_slice(), LAST].concat();
    let mut start = START.to_vec();
    let room = usize::try_from(bytes).unwrap_or(usize::MAX);
    start.truncate(room);
    end.truncate(room - start.len());

    let body = stream::unfold((Some(start), middle / row, Some(end)), move |(start, rows, end)| {
        let chunk = chunk.clone();
        async move {
            if let Some(start) = start {
                return Some((Ok::<_, Infallible>(Bytes::from(start)), (None, rows, end)));
            }
            if rows > 0 {
                let now = rows.min(ROWS_IN_CHUNK as u64);
                let length = usize::try_from(now).unwrap_or(0) * ROW.len();
                return Some((Ok(chunk.slice(..length)), (None, rows - now, end)));
            }
            end.map(|end| (Ok(Bytes::from(end)), (None, 0, None)))
        }
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}
