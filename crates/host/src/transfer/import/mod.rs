//! Import: reads, checks and stores rows in batches. A bad row does not stop the import of the other rows.

mod cases;
mod findings;
mod incidents;
mod links;
mod options;
mod report;
mod run;
mod under_way;

pub use options::{ImportOptions, OnConflict};
pub use report::ImportReport;
pub use run::import;
