//! Remembers the last requests, so that a test can say what was sent.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

/// How many requests are kept; the oldest go first.
const MOST_KEPT: usize = 10_000;
/// How much of a request's body is kept, in bytes.
pub(crate) const BODY_KEPT: usize = 64 * 1024;

/// A request that arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedRequest {
    /// `GET`, `PATCH`, …
    pub method: String,
    /// The path as sent, `/api` included, without the query.
    pub path: String,
    /// The query's names and values, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// Headers by lower-case name; values of a repeated one are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// The body as text, cut at 64 KiB; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// The path template that matched, such as `/console/elements/devices/`; empty if none did.
    pub route: String,
    /// The status of the answer; 0 until it is sent and where the connection was closed without one.
    pub status: u16,
}

/// The bounded memory of requests.
#[derive(Debug, Default)]
pub(crate) struct RequestRecorder {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    /// Sequence number of the first request in `kept`.
    first: u64,
    kept: VecDeque<RecordedRequest>,
}

impl RequestRecorder {
    /// Notes a request on arrival, before any delay, and returns its sequence number.
    pub(crate) fn arrived(&self, request: RecordedRequest) -> u64 {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.kept.len() == MOST_KEPT {
            ring.kept.pop_front();
            ring.first += 1;
        }
        ring.kept.push_back(request);
        ring.first + ring.kept.len() as u64 - 1
    }

    /// Notes the status that the request was answered with.
    pub(crate) fn answered(&self, sequence: u64, status: u16) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = sequence.checked_sub(ring.first) else {
            return;
        };
        if let Some(request) = usize::try_from(index).ok().and_then(|index| ring.kept.get_mut(index)) {
            request.status = status;
        }
    }

    /// The requests kept, oldest first.
    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.kept.iter().cloned().collect()
    }

    /// Forgets all requests.
    pub(crate) fn clear(&self) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.first += ring.kept.len() as u64;
        ring.kept.clear();
    }
}
