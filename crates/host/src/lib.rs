//! A SOAR host: it keeps connections, sites, users, incidents and cases, runs connectors' commands, and speaks D3's
//! Command API.

pub mod access;
pub mod alerts;
pub mod audit;
pub mod command_api;
pub mod connections;
pub mod executor;
mod gate;
pub mod health;
mod host;
pub mod operations;
mod refusal;
pub mod scheduler;
pub mod sealing;
pub mod server;
pub mod tenants;
pub mod transfer;
pub mod utility;
pub mod vault;
pub mod views;

pub use host::Host;
pub use refusal::Refusal;
