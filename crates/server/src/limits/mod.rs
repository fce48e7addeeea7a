//! The limits of callers: calls per second, calls and bytes under way, and audit entries for refused calls.

mod counted_refusals;
mod network;
mod rate_limits;
mod refusals;
mod shares;

pub(crate) use network::network;
pub(crate) use rate_limits::RateLimits;
pub(crate) use refusals::{Refusals, RefusedCaller};
pub(crate) use shares::{CountsBytes, Exceeded, Share, ShareLimits, Shares};
