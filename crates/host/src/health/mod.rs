//! Connection health: the current state of connections and its history.

mod charts;
mod filter;
mod overview;
mod worst;

pub use charts::HealthCharts;
pub use filter::{Grouping, HealthFilter};
pub use overview::{ConnectionHealth, ConnectionHistory, HealthTable};
