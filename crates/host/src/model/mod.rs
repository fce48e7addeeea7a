//! What the host keeps and acts on, as plain data.

mod access;
mod audit;
mod connection;
mod key;
mod run;
mod site;
mod user;

pub use access::{Caller, Right, Role};
pub use audit::{AuditEntry, Surface};
pub use connection::{Connection, ConnectionParameter, HealthCheck, NamedSite, ParameterState, Place, SHARED};
pub use key::{AccessKey, Allowed, KeyKind, KeyState};
pub use run::{Run, RunStatus};
pub use site::{Site, SiteKind};
pub use user::User;
