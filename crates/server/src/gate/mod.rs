//! The gate that every call of every API passes: authentication, limits, the body, and the audit entry.

mod address;
mod answer_body;
mod body;
mod call;
pub(crate) mod credentials;
mod idempotency;
mod reply;
mod upload;

pub(crate) use answer_body::bounded_json;
pub(crate) use body::{read_body, read_json, without_nul};
pub(crate) use call::{ApiCall, CallSlot, Entered};
pub(crate) use idempotency::{IDEMPOTENCY_KEY, IdempotencyKey};
pub(crate) use reply::ApiReply;
pub(crate) use upload::receive;
