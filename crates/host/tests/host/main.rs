//! The host's tests, each on both stores.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]

mod bulk_commands;
mod plans;
mod single_commands;
mod store;
mod transfer;
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
