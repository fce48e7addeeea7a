//! Connection health: the current state of connections and its history.

mod charts;
mod grouping;
mod overview;

pub use charts::HealthCharts;
pub use grouping::Grouping;
pub use overview::{ConnectionHealth, ConnectionHistory, HealthFilter, HealthTable};
