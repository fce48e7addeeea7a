//! Keeps the simulator's time: the machine's clock, moved on by what a test asked for.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock that can be moved forward, never back.
#[derive(Debug, Default)]
pub(crate) struct SimulatedClock {
    advanced_micros: AtomicU64,
}

impl SimulatedClock {
    /// Microseconds since 1970 in UTC.
    pub(crate) fn now_micros(&self) -> u64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        micros(real).saturating_add(self.advanced_micros.load(Ordering::SeqCst))
    }

    /// Whole seconds since 1970 in UTC.
    pub(crate) fn now_seconds(&self) -> u64 {
        self.now_micros() / 1_000_000
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.advanced_micros.fetch_add(micros(by), Ordering::SeqCst);
    }
}

/// A duration in whole microseconds, the largest number if it does not fit.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
