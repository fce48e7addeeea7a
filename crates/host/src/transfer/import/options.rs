//! What to import, and how.

use soar_store::text_enum;

use crate::transfer::{Format, Subject};

/// How many rows one transaction stores.
pub(super) const BATCH: usize = 500;

text_enum! {
    /// What becomes of a row whose number is taken.
    pub enum OnConflict {
        /// It is a bad row.
        Fail = "fail",
        /// What is stored stays as it is.
        Skip = "skip",
        /// What is stored becomes what the row says; links are added.
        Update = "update",
    }
}

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// What the rows are.
    pub subject: Subject,
    /// How they are written.
    pub format: Format,
    /// What becomes of a row whose number is taken.
    pub on_conflict: OnConflict,
}
