//! The time that a diagnosis has, and how much of it one step may take.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::vendor::Failure;

/// A step may take this much in any case, if there is so much left.
const LEAST_SHARE: Duration = Duration::from_secs(5);

/// More time than this is as good as no limit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// When a diagnosis must be done.
#[derive(Debug)]
pub(super) struct Deadline {
    ends: Instant,
    /// The timeout of one step, so that a step that hangs leaves time for the others.
    share: Duration,
}

impl Deadline {
    pub(super) fn in_time(limit: Duration) -> Self {
        let limit = limit.min(LONGEST);
        Self { ends: Instant::now() + limit, share: LEAST_SHARE.max(limit / 4) }
    }

    pub(super) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// The time that a step that starts now may take; `None` when the time is over.
    pub(super) fn share(&self) -> Option<Duration> {
        Some(self.share.min(self.left())).filter(|share| !share.is_zero())
    }

    /// Runs one step in its share of the time; gives its result and how long it took.
    pub(super) async fn hold<T>(
        &self,
        step: impl Future<Output = Result<T, Failure>>,
    ) -> (Result<T, Failure>, Duration) {
        let started = Instant::now();
        let share = self.share().unwrap_or_default();
        let result = tokio::time::timeout(share, step).await.unwrap_or_else(|_| {
            let seconds = share.as_secs_f64().ceil();
            Err(Failure::new("timed-out", format!("It was not done within {seconds} seconds.")))
        });
        (result, started.elapsed())
    }
}
