//! What the console's pages need from the server: limits per user and address, bounded bodies, and audit entries.

mod page_call;
mod problem;

pub use page_call::{PageCall, Visitor};
pub use problem::Problem;
