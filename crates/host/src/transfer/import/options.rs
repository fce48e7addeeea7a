//! The options of an import.

use soar_store::text_enum;

use crate::transfer::{Format, Subject};

/// The most rows in one transaction.
pub(super) const BATCH_SIZE: usize = 500;

text_enum! {
    /// The treatment of a row whose number is taken.
    pub enum OnConflict {
        /// The row is bad.
        Fail = "fail",
        /// The stored object stays unchanged.
        Skip = "skip",
        /// The row replaces the stored fields. Links are added.
        Update = "update",
    }
}

/// The options of an import.
#[derive(Debug, Clone, Copy)]
pub struct ImportOptions {
    /// The kind of the rows.
    pub subject: Subject,
    /// The format of the file.
    pub format: Format,
    /// The treatment of a row whose number is taken.
    pub on_conflict: OnConflict,
}
