//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod cases;
mod database;
mod details;
mod error;
mod incidents;
mod links;
mod numbers;
#[cfg(feature = "testing")]
mod reference;
mod rows;
mod search;
mod sites;
mod users;

pub use cases::{CaseGround, NewCase};
pub use database::{Engine, Reader, Records, Store, Transaction};
pub use details::ByIncident;
pub use error::StoreError;
pub use incidents::{IncidentGround, NewIncident};
pub use links::Neighbour;
pub use numbers::Numbered;
pub use search::{Comparison, Condition, Operand, Search, SearchField, Subject};
pub use sites::NewSite;
pub use users::NewUser;
