//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod database;
mod error;
mod sites;
mod users;

pub use database::{Engine, Reader, Records, Store, Transaction};
pub use error::StoreError;
pub use sites::NewSite;
pub use users::NewUser;
