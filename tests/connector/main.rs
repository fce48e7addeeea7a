//! The connector against the simulator, and against servers that are no Footprint, over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod all_pages;
mod commands;
mod contract;
mod diagnose;
mod diagnose_tls;
mod errors;
mod fault_matrix;
mod filter_proof;
mod fixtures;
mod generated;
mod generations;
mod login;
mod network;
mod new_command;
mod proxy;
mod proxy_refusals;
mod rate_limit_wait;
mod redirect;
mod refusals;
mod requests;
mod scanner_id;
mod secrets;
mod session;
mod shared_client;
mod sinks;
mod stub;
mod support;
mod test_connection;
mod tls;
mod tls_causes;
mod unknown_totals;
