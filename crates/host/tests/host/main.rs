//! The host's tests, each on both stores.

mod bulk_commands;
mod plans;
mod single_commands;
mod store;
mod transfer;
mod world;
