//! Lets requests pass: so many a second, so many at once, tenants by turns, and none inside a Retry-After window.

mod limiter;
mod rate;
#[cfg(test)]
mod tests;
mod turns;

pub(super) use limiter::FairLimiter;
pub(super) use turns::QueueKey;
