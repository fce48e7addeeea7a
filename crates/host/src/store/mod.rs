//! The store: everything that the host keeps, in SQLite or PostgreSQL. Nothing but this folder contains SQL.

mod alerts;
mod database;
mod error;
mod health;
mod history;
mod jobs;
mod messages;
mod schedules;
mod sites;
mod users;
mod work;

pub use database::{Engine, Reader, Records, Store, Transaction};
pub use error::StoreError;
pub use health::Ran;
pub use history::Retention;
pub use jobs::JobQueue;
pub use messages::WaitingMessage;
pub use schedules::ScheduleFilter;
pub use sites::NewSite;
pub use users::NewUser;
pub use work::{Backlog, HANDED_OUT_AGAIN_MS, TakenOver};
