//! Connection health: the current state of connections and its history.

mod charts;
mod filter;
mod overview;

pub use charts::HealthCharts;
pub use filter::{Grouping, HealthFilter};
pub use overview::{ConnectionHealth, ConnectionHistory, HealthTable};
