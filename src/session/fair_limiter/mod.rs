//! Limits requests: a rate, a number under way, a pause that the server asked for, and turns between tenants.

mod limiter;
mod rate;
#[cfg(test)]
mod tests;
mod turns;

pub(super) use limiter::FairLimiter;
pub(super) use turns::QueueKey;
