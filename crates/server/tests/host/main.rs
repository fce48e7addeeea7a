//! The host's tests, each on both stores.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on can only end")]

mod acknowledged;
mod addresses;
mod agents;
mod audit;
mod bounds;
mod bulk_commands;
mod bulk_rights;
mod certificates;
mod command_api;
mod connections;
mod direct;
mod doctor;
mod documented_samples;
mod executor;
mod faults;
mod findings;
mod follow;
mod fresh_answers;
mod gate;
mod idempotency;
mod jwt_secrets;
mod key_reach;
#[path = "../../../contract/tests/contract/lantern.rs"]
mod lantern;
mod left_calls;
mod listening;
mod manage;
mod manage_connections;
mod manage_incidents;
mod manage_runs;
mod manage_schedules;
mod manage_transfer;
mod owners;
mod places;
mod plans;
#[allow(dead_code, reason = "the connector's own tests use all of it")]
#[path = "../../../../tests/connector/proxy.rs"]
mod proxy;
mod refusals;
mod role_matrix;
mod rules;
mod schedules;
mod sealing;
mod served;
mod server;
mod side_by_side;
mod sign_in;
mod single_commands;
mod stage;
mod store;
mod support;
mod tenants;
#[allow(dead_code, reason = "the connector's own tests use all of it")]
#[path = "../../../../tests/connector/tls.rs"]
mod tls;
mod tokens;
mod transfer;
mod trying_again;
mod utility_calls;
mod vault;
mod webhook_names;
mod world;
