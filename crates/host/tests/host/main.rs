//! The host's tests, each on both stores.

mod bulk_commands;
mod store;
mod world;
