//! The state that the requests of one command share: tenant, deadline, and counts of requests and retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soar_connector::{Clock, Progress};

/// The state that the requests of one command share.
#[derive(Debug)]
pub(crate) struct CommandContext {
    /// The tenant that the caller asked for.
    pub(super) tenant: Option<i64>,
    /// Whether the command waits when the server says that there are too many requests, rather than fail fast.
    pub(super) waits_for_rate_limit: bool,
    clock: Arc<dyn Clock>,
    deadline: Duration,
    /// Hears how far the command has come.
    pub(super) progress: Progress,
    requests: AtomicU64,
    retries: AtomicU64,
}

impl CommandContext {
    pub(super) fn new(
        tenant: Option<i64>,
        waits_for_rate_limit: bool,
        time_limit: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            tenant,
            waits_for_rate_limit,
            deadline: clock.elapsed().saturating_add(time_limit),
            clock,
            progress: Progress::default(),
            requests: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
    }

    /// How long the command may still take.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.saturating_sub(self.clock.elapsed())
    }

    /// Whether the command waits for this long, when the server wants to be left alone for it.
    pub(super) fn can_wait(&self, wait: Duration) -> bool {
        self.waits_for_rate_limit && wait < self.time_left()
    }

    /// Counts a request; gives its number, from 1.
    pub(super) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }
}
