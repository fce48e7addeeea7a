//! The host's tests, each on both stores.

mod audit;
mod command_api;
mod idempotency;
mod manage;
mod server;
mod store;
mod support;
mod tokens;
