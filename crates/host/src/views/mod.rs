//! The views of incidents and cases in lists and details, for HTTP and the terminal.

mod case;
mod incident;

pub use case::{CaseShown, WholeCase};
pub use incident::{IncidentFilter, IncidentShown, WholeIncident};
