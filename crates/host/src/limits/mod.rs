//! The limits of callers that every surface shares: calls per second, and audit entries of refused calls.

mod counted_refusals;
mod network;
mod rate_limits;
mod refusals;

pub use network::network;
pub use rate_limits::RateLimits;
pub use refusals::{Refusals, RefusedCaller};
