//! What the console's pages need from the server: limits per user and address, bounded bodies, and audit entries.

mod page_call;
mod problem;
mod stream_place;

pub use page_call::{PageCall, Visitor};
pub use problem::Problem;
pub(crate) use stream_place::STREAMS;
pub use stream_place::StreamPlace;
