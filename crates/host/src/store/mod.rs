//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod access;
mod answers;
mod audit;
mod check;
mod connection_parameters;
mod connections;
mod database;
mod error;
mod keys;
mod nodes;
mod runs;
mod sealing_keys;
mod sites;
mod users;

pub use answers::{AnswerClaim, EarlierCall};
pub use audit::AuditFilter;
pub use connection_parameters::ConnectionSecrets;
pub(crate) use connection_parameters::{StoredParameter, StoredValue, sealing_context};
pub(crate) use connections::{NewConnection, Wanted};
pub use database::{Engine, Reader, Records, Store, Transaction};
pub use error::StoreError;
pub use keys::{NewKey, StoredKey};
pub use runs::RunFilter;
pub(crate) use runs::{NewRun, RunEnd};
pub use sites::{NewSite, SiteChange};
pub use users::{NewUser, UserChange};
