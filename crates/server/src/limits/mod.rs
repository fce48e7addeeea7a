//! What one caller may take of the host: calls a second, calls and bytes under way, entries for refused calls.

mod counted_refusals;
mod network;
mod rate_limits;
mod refusals;
mod shares;

pub(crate) use network::network;
pub(crate) use rate_limits::RateLimits;
pub(crate) use refusals::{Refusals, RefusedCaller};
pub(crate) use shares::{CountsBytes, Exceeded, Share, ShareLimits, Shares};
