//! What every call passes, whichever API it is for: its key, its limits, its body, its entry in the audit log.

mod address;
mod body;
mod call;
pub(crate) mod credentials;
mod idempotency;
mod limits;
mod refusals;
mod reply;
mod shares;
mod upload;

pub(crate) use address::network;
pub(crate) use body::{read_json, without_nul};
pub(crate) use call::{Call, Entered, Place};
pub(crate) use idempotency::{IDEMPOTENCY_KEY, IdempotencyKey};
pub(crate) use limits::RateLimits;
pub(crate) use refusals::Refusals;
pub(crate) use reply::Reply;
pub(crate) use shares::{CountsBytes, Exceeded, Share, ShareLimits, Shares};
pub(crate) use upload::receive;
