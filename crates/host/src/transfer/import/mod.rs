//! Import: rows are read, checked and stored a batch at a time; a bad one does not stop the good ones.

mod cases;
mod incidents;
mod links;
mod report;
mod run;
mod under_way;

pub use report::ImportReport;
pub use run::{ImportOptions, OnConflict, import};
