//! Connection health: the current state of connections and its history.

mod overview;

pub use overview::{ConnectionHealth, ConnectionHistory, HealthFilter, HealthTable};
