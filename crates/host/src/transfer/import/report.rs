//! What became of the rows of an import.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::transfer::BadRow;

/// How many bad rows a report tells of; the others are counted.
pub(super) const MOST_BAD_ROWS: usize = 1000;

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Rows that were stored as something new.
    pub added: u64,
    /// Rows that changed what was stored.
    pub updated: u64,
    /// Rows whose number was taken, and that changed nothing.
    pub skipped: u64,
    /// Rows that were not imported.
    pub failed: u64,
    /// The first thousand problems; a row may have several.
    pub bad_rows: Vec<BadRow>,
    /// Links to incidents that are neither in the file nor in the store, by line and number.
    pub missing_links: Vec<BadRow>,
}

impl ImportReport {
    pub(super) fn bad(&mut self, line: u64, problems: impl IntoIterator<Item = (String, String)>) {
        self.failed += 1;
        for (field, problem) in problems {
            self.keep(BadRow { line, field: Some(field), problem });
        }
    }

    pub(super) fn keep(&mut self, row: BadRow) {
        if self.bad_rows.len() < MOST_BAD_ROWS {
            self.bad_rows.push(row);
        }
    }
}

impl fmt::Display for ImportReport {
    /// `3 added, 1 updated, 2 skipped, 1 failed`; what did not happen is left out.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.added, "added"),
            (self.updated, "updated"),
            (self.skipped, "skipped"),
            (self.failed, "failed"),
            (self.missing_links.len() as u64, "links to what is not there"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        formatter.write_str(if parts.is_empty() { "no rows" } else { "" })?;
        formatter.write_str(&parts.join(", "))
    }
}
