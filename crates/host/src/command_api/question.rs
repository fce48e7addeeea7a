//! What a call that only reads asks.

use std::sync::Arc;

use axum::http::HeaderMap;
use bytes::Bytes;

use super::registry::Registered;
use crate::gate::{Entered, IDEMPOTENCY_KEY};

/// What is asked: calls with equal questions would be admitted and answered alike at any one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub command: Arc<str>,
    /// As who may do what was when the call was let in: see [`crate::access::Snapshot::generation`].
    pub generation: i64,
    /// The number of the key that was shown, whose limits the answer keeps to.
    pub key: i64,
    /// The user that a token claims.
    pub claimed: Option<String>,
    /// Who asks on which site, and the parameters.
    pub body: Bytes,
}

impl Question {
    /// What is asked of `command`; `None` when an equal call may have to be answered otherwise, for it changes something, or
    /// is to be answered as an earlier one was.
    pub(super) fn of(command: &Registered, entered: &Entered, headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let asks = command.is_utility() && command.reads_only() && !headers.contains_key(IDEMPOTENCY_KEY);
        asks.then(|| Self {
            command: Arc::clone(&command.endpoint),
            generation: entered.snapshot.generation(),
            key: entered.shown.known.key.id,
            claimed: entered.shown.claimed.clone(),
            body: body.clone(),
        })
    }
}
