//! What the host keeps and acts on, as plain data.

pub(crate) mod access;
mod audit;
mod case;
mod connection;
mod incident;
mod key;
mod run;
pub(crate) mod shapes;
mod site;
mod sync;
mod tenant;
mod user;

pub use access::{Caller, Right, Role};
pub use audit::{AuditEntry, Surface};
pub use case::Case;
pub use connection::{Connection, ConnectionParameter, HealthCheck, NamedSite, ParameterState, Place, SHARED};
pub use incident::{DynamicField, FieldKind, Incident, LONGEST_TITLE, Link, Severity, Status, Task};
pub use key::{AccessKey, Allowed, KeyKind, KeyState};
pub use run::{Run, RunStatus};
pub use site::{Site, SiteKind};
pub use sync::{SyncChange, SyncCounts, SyncFailure, SyncResult, SyncRun, SyncStatus};
pub use tenant::{Master, MasterState, Owner, Tenant, TenantKey, TenantKeyState, TenantState};
pub use user::User;
