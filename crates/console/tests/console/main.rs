//! The console in a real browser, and its templates.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on can only end")]

mod account;
mod administration;
mod appearance;
mod browser;
mod connections;
mod faults;
mod findings;
mod headers;
mod health;
mod incidents;
mod keyboard;
mod large_result;
mod news;
mod password;
mod pictures;
mod purposes;
mod refused;
mod role_forms;
mod role_matrix;
mod rules;
mod runs;
mod sample_findings;
mod script;
mod sign_in;
mod templates;
mod tenants;
mod test_command;
mod without_scripts;
mod world;
