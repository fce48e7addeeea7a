//! The connector against the simulator, and against servers that are no Footprint, over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod commands;
mod contract;
mod errors;
mod fixtures;
mod generated;
mod generations;
mod login;
mod scanner_id;
mod secrets;
mod sinks;
mod stub;
mod support;
mod test_connection;
