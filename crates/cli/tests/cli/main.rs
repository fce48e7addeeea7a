//! The binary as its users run it: whole processes against a simulator in a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod agents;
mod backup;
mod commands;
mod completions;
mod connection;
mod demo;
mod diagnose;
mod doctor;
mod due_kill;
mod every_command;
mod exec;
mod faults;
mod findings;
mod follow_kill;
mod health;
mod help;
mod host_connections;
mod incidents;
mod init;
mod instance;
mod json_schema;
mod kill;
mod listeners;
mod logging;
mod management;
mod mcp;
mod mcp_bad_input;
mod mcp_client;
#[cfg(target_os = "linux")]
mod memory;
mod output;
mod recipe;
mod refusals_kill;
mod rescan_and_wait;
mod schemathesis;
mod serve;
mod several_hosts;
mod simulate;
#[cfg(target_os = "linux")]
mod strangers;
mod streams;
mod support;
mod sync;
mod sync_kill;
mod toolchain;
mod upgrade;
mod whole_output;
mod wrong_use;
