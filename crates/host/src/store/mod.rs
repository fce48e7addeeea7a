//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod access;
mod answers;
mod audit;
mod check;
mod database;
mod error;
mod keys;
mod sites;
mod users;

pub use answers::{AnswerClaim, EarlierCall};
pub use audit::AuditFilter;
pub use database::{Engine, Reader, Records, Store, Transaction};
pub use error::StoreError;
pub use keys::{NewKey, StoredKey};
pub use sites::{NewSite, SiteChange};
pub use users::{NewUser, UserChange};
