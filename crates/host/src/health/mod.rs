//! Connection Health Check: what checks prove, and what they proved over time.

mod overview;

pub use overview::{ConnectionHealth, ConnectionHistory, HealthFilter, HealthTable};
