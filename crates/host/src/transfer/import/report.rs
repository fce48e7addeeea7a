//! The report of an import.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::transfer::BadRow;

/// The most bad rows listed in a report. Further bad rows are only counted.
pub(super) const MOST_BAD_ROWS: usize = 1000;

/// The result of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// The number of rows stored as new objects.
    pub added: u64,
    /// The number of rows that changed stored objects.
    pub updated: u64,
    /// The number of rows whose number was taken and that changed nothing.
    pub skipped: u64,
    /// The number of rows that were not imported.
    pub failed: u64,
    /// The first thousand problems. A row may have several.
    pub bad_rows: Vec<BadRow>,
    /// What rows were imported without: links to incidents that are neither in the file nor in the store, findings of
    /// connections that the instance lacks, and rules that it lacks.
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
    /// `3 added, 1 updated, 2 skipped, 1 failed`, without zero counts.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.added, "added"),
            (self.updated, "updated"),
            (self.skipped, "skipped"),
            (self.failed, "failed"),
            (self.missing_links.len() as u64, "links to missing incidents, connections or rules"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
        formatter.write_str(if parts.is_empty() { "no rows" } else { "" })?;
        formatter.write_str(&parts.join(", "))
    }
}
