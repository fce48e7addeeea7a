//! The rate at which requests pass, on our clock.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use soar_connector::Clock;

/// So many requests a second.
pub(super) type Rate = RateLimiter<NotKeyed, InMemoryState, SharedClock, NoOpMiddleware<Duration>>;

/// Our clock as the rate limiter reads it.
#[derive(Debug, Clone)]
pub(super) struct SharedClock(Arc<dyn Clock>);

impl GovernorClock for SharedClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A rate of `per_second` requests a second.
pub(super) fn rate(clock: &Arc<dyn Clock>, per_second: u32) -> Rate {
    let per_second = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct_with_clock(Quota::per_second(per_second), SharedClock(Arc::clone(clock)))
}
