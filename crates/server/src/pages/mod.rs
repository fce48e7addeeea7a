//! What the console's pages need from the server: limits per user and address, bounded bodies, and audit entries.

mod page_call;
mod problem;
mod stream_place;

pub use page_call::PageCall;
pub use problem::PageProblem;
pub use stream_place::StreamPlace;
