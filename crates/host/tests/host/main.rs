//! The host's tests, each on both stores.

mod schedules;
mod store;
