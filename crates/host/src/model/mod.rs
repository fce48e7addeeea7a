//! What the host keeps and acts on, as plain data.

pub(crate) mod access;
mod case;
mod incident;
mod site;
mod user;

pub use access::{Caller, Right, Role};
pub use case::Case;
pub use incident::{DynamicField, FieldKind, Incident, LONGEST_TITLE, Link, Severity, Status, Task};
pub use site::{Site, SiteKind};
pub use user::User;
