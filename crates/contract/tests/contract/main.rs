//! The contract's behaviour: manifests, parameters, outcomes, and a suite that notices every breach.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod commands;
mod diagnosis;
mod example;
mod findings;
mod follow;
mod lantern;
mod manifest;
mod outcome;
mod parameters;
mod replies;
mod sample;
mod suite;
