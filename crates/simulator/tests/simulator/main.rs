//! Behaviour of the simulator over real HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod auth;
mod client;
mod determinism;
mod fault_text;
mod faults;
mod filters;
mod instance;
mod page_faults;
mod pages;
mod recording;
mod rescans;
mod schemas;
mod scopes;
mod sizes;
mod tenants;
mod vendor_clients;
