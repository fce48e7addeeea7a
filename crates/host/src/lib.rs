//! The services of a SOAR host: it runs connectors' commands on connections, checks their health, keeps schedules, and acts
//! on incidents and cases. It knows neither HTTP nor the terminal.

pub mod access;
pub mod agents;
pub mod alerts;
pub mod audit;
pub mod commands;
mod conflicts;
pub mod connections;
pub mod doctor;
mod even_clock;
pub mod executor;
mod finding_deliverer;
pub mod findings;
pub mod health;
mod host;
mod known_commands;
pub mod limits;
mod metric_families;
pub mod metrics;
pub mod operations;
mod parameter_texts;
pub mod plugins;
mod refusal;
pub mod results;
pub mod rules;
pub mod scheduler;
pub mod sealing;
pub mod settings;
pub mod sign_in;
pub mod tenants;
pub mod tls;
pub mod transfer;
pub mod utility;
pub mod vault;
pub mod views;

pub use even_clock::EvenClock;
pub use host::Host;
pub use known_commands::known_commands;
pub use refusal::Refusal;
