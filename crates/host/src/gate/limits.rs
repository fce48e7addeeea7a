//! How often each key may call.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
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

type Limiter = RateLimiter<NotKeyed, InMemoryState, HostClock, NoOpMiddleware<Duration>>;

/// One limit per key, all alike.
#[derive(Debug)]
pub(crate) struct RateLimits {
    per_second: Option<NonZeroU32>,
    clock: HostClock,
    limiters: RwLock<HashMap<i64, Arc<Limiter>>>,
}

impl RateLimits {
    /// `per_second` of 0 is no limit.
    pub(crate) fn new(per_second: u32, clock: Arc<dyn Clock>) -> Self {
        Self { per_second: NonZeroU32::new(per_second), clock: HostClock(clock), limiters: RwLock::default() }
    }

    /// Counts a call with the key of that number; refused, it says after how many seconds to come again.
    pub(crate) fn count(&self, key: i64) -> Result<(), u64> {
        let Some(per_second) = self.per_second else { return Ok(()) };
        let known = self.limiters.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let limiter = known.unwrap_or_else(|| {
            let mut limiters = self.limiters.write().unwrap_or_else(PoisonError::into_inner);
            let quota = Quota::per_second(per_second);
            let new = || Arc::new(RateLimiter::direct_with_clock(quota, self.clock.clone()));
            Arc::clone(limiters.entry(key).or_insert_with(new))
        });
        limiter.check().map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}
