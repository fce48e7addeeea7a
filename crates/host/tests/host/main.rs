//! The host's tests, each on both stores.

mod bulk_commands;
mod store;
mod world;
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod audit;
mod command_api;
mod idempotency;
mod manage;
mod server;
mod store;
mod support;
mod tokens;
