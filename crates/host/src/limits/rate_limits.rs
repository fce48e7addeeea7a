//! The rate limits of callers.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use soar_connector::Clock;

#[derive(Debug, Clone)]
struct HostClock(Arc<dyn Clock>);

impl GovernorClock for HostClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, HostClock, NoOpMiddleware<Duration>>;

/// The same rate limit for each caller. `K` identifies a caller.
#[derive(Debug)]
pub struct RateLimits<K: Hash + Eq + Clone> {
    /// `None` for no limit.
    limiter: Option<Limiter<K>>,
    clock: HostClock,
}

impl<K: Hash + Eq + Clone> RateLimits<K> {
    /// `per_second` of 0 is no limit.
    #[must_use]
    pub fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        let clock = HostClock(clock);
        let limiter = NonZeroU32::new(per_second)
            .map(|per_second| RateLimiter::hashmap_with_clock(Quota::per_second(per_second), clock.clone()));
        Self { limiter, clock }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// The seconds until the next call is within the limit.
    pub fn count(&self, caller: &K) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(caller).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }

    /// Drops callers that have not called recently.
    pub fn forget_idle(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
        }
    }
}
