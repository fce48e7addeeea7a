//! What the host keeps and acts on, as plain data.

mod access;
mod audit;
mod key;
mod site;
mod user;

pub use access::{Caller, Right, Role};
pub use audit::{AuditEntry, Surface};
pub use key::{AccessKey, Allowed, KeyKind, KeyState};
pub use site::{Site, SiteKind};
pub use user::User;
