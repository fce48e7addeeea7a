//! What the host keeps and acts on, as plain data.

pub(crate) mod access;
mod site;
mod user;

pub use access::{Caller, Right, Role};
pub use site::{Site, SiteKind};
pub use user::User;
