//! A clock that tests move by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::Clock;

/// A clock that stands still until it is advanced. A sleeper advances it at once.
#[derive(Debug, Clone)]
pub struct ManualClock {
    start: SystemTime,
    state: Arc<Mutex<ClockState>>,
    /// Tells sleepers that the clock was advanced; `None` where sleeping moves it on.
    advanced: Option<Arc<Notify>>,
}

#[derive(Debug, Default)]
struct ClockState {
    elapsed: Duration,
    sleeps: Vec<Duration>,
}

impl ManualClock {
    /// A clock that stands at the present time.
    #[must_use]
    pub fn new() -> Self {
        Self { start: SystemTime::now(), state: Arc::default(), advanced: None }
    }

    /// A clock that stands still for sleepers too: they sleep until it is advanced.
    #[must_use]
    pub fn held() -> Self {
        Self::held_at(SystemTime::now())
    }

    /// The same, standing at `start`.
    #[must_use]
    pub fn held_at(start: SystemTime) -> Self {
        Self { start, state: Arc::default(), advanced: Some(Arc::default()) }
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).elapsed += by;
        if let Some(advanced) = &self.advanced {
            advanced.notify_waiters();
        }
    }

    /// For how long each sleeper went to sleep, in order.
    #[must_use]
    pub fn sleeps(&self) -> Vec<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sleeps.clone()
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).elapsed
    }

    async fn sleep(&self, duration: Duration) {
        let wakes = self.elapsed() + duration;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sleeps.push(duration);
        let Some(advanced) = &self.advanced else {
            tokio::task::yield_now().await;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.elapsed = state.elapsed.max(wakes);
            return;
        };
        loop {
            // Made before the look at the clock, so that no advance between the two is missed.
            let notified = advanced.notified();
            if self.elapsed() >= wakes {
                return;
            }
            notified.await;
        }
    }
}
