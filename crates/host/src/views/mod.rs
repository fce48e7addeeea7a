//! Incidents and cases as lists and details show them, over HTTP and at the terminal.

mod case;
mod incident;

pub use case::{CaseShown, WholeCase};
pub use incident::{IncidentFilter, IncidentShown, WholeIncident};
