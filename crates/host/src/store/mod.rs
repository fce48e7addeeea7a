//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod connection_parameters;
mod connections;
mod database;
mod error;
mod nodes;
mod runs;
mod sealing_keys;
mod sites;
mod users;

pub use connection_parameters::ConnectionSecrets;
pub(crate) use connection_parameters::{StoredParameter, StoredValue, sealing_context};
pub(crate) use connections::{NewConnection, Wanted};
pub use database::{Engine, Reader, Records, Store, Transaction};
pub use error::StoreError;
pub use runs::RunFilter;
pub(crate) use runs::{NewRun, RunEnd};
pub use sites::NewSite;
pub use users::NewUser;
