//! Import: rows are read, checked and stored a batch at a time; a bad one does not stop the good ones.

mod cases;
mod incidents;
mod links;
mod options;
mod report;
mod run;
mod under_way;

pub use options::{ImportOptions, OnConflict};
pub use report::ImportReport;
pub use run::import;
