//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod access;
mod answers;
mod audit;
mod bulk_changes;
mod cases;
mod check;
mod connection_parameters;
mod connections;
mod database;
mod details;
mod error;
mod incidents;
mod keys;
mod links;
mod nodes;
mod numbers;
mod readers;
#[cfg(feature = "testing")]
mod reference;
mod rows;
mod runs;
mod sealed_places;
mod sealing_keys;
mod search;
mod sites;
mod users;

pub use answers::{AnswerClaim, EarlierCall};
pub use audit::AuditFilter;
pub use bulk_changes::IncidentGround;
pub use cases::{CaseGround, NewCase};
pub use connection_parameters::ConnectionSecrets;
pub(crate) use connection_parameters::{StoredParameter, StoredValue, sealing_context};
pub(crate) use connections::{NewConnection, Wanted};
pub use database::{Engine, Reader, Records, Store, Transaction};
pub use details::ByIncident;
pub use error::StoreError;
pub use incidents::NewIncident;
pub use keys::{KeySecrets, NewKey, StoredKey};
pub use links::Neighbour;
pub use numbers::Numbered;
pub use runs::RunFilter;
pub(crate) use runs::{NewRun, RunEnd};
pub use sealed_places::SEALED_PLACES;
pub use search::{Comparison, Condition, Operand, Search, SearchField, Subject};
pub use sites::{NewSite, SiteChange};
pub use users::{NewUser, UserChange};
