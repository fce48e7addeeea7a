//! The host's tests, each on both stores.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod connections;
mod executor;
mod gate;
mod sealing;
mod stage;
mod store;
mod vault;
