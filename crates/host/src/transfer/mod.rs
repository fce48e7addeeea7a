//! Import and export of incidents and cases as JSON, NDJSON or CSV, a batch at a time: a million rows need no more
//! memory than a thousand.
//!
//! An incident is an object with `number`, `title`, `description`, `incidentType`, `site` (a name), `owner`, `assignee`,
//! `severity`, `status`, `disposition`, `conclusion`, `rawData` (any JSON), `dueAt`, `creator`, `createdAt`,
//! `modifiedAt`, `closedAt`, `closedBy`, `tasks` (of `name`, `required`, `done`), `fields` (of `section`, `name`, `kind`,
//! `requiredOnClose`, `value`), `cases` and `linkedIncidents` (both of `number`, `linkedAt`, `linkedBy`). A case has
//! `number`, `title`, `description`, `caseType`, `site`, `owner`, `priority`, `timeZone`, `status`, `creator`,
//! `reportedAt`, `createdAt`, `modifiedAt`, `closedAt` and `closedBy`. Only `number` and `site` are required. Times are
//! RFC 3339, or `yyyy-MM-dd HH:mm:ss` in UTC. In CSV these names are the columns; `rawData` and the lists are JSON in
//! their cells, and a cell that a spreadsheet would take for a formula begins with an apostrophe that the import takes
//! away again. The names of D3's fields and the headings of the terminal's lists are understood too ([`columns`]), times may
//! be milliseconds since 1970, and a byte order mark may stand before everything. Import cases before the incidents that are linked to them.

mod columns;
mod export;
mod fields;
mod formula;
mod import;
mod nested;
mod read_record;
mod source;
mod write_record;

use std::fmt;

use serde::Serialize;
use soar_store::StoreError;
use soar_store::text_enum;
use utoipa::ToSchema;

pub use export::export;
pub use formula::guarded;
pub use import::{ImportOptions, ImportReport, OnConflict, import};

text_enum! {
    /// How rows are written.
    pub enum Format {
        /// One array of objects.
        Json = "json",
        /// One object per line.
        Ndjson = "ndjson",
        /// A line of column names, and one line per row.
        Csv = "csv",
    }
}

text_enum! {
    /// What is imported or exported.
    pub enum Subject {
        /// Incidents with their tasks, dynamic fields and links.
        Incidents = "incidents",
        /// Cases.
        Cases = "cases",
    }
}

/// How far an import or export has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows that were read or written.
    pub rows: u64,
    /// Rows that there are, where that is known.
    pub total_rows: Option<u64>,
    /// Bytes that were read, of an import.
    pub bytes: u64,
}

/// A row that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BadRow {
    /// The line on which it starts, counted from 1.
    pub line: u64,
    /// The field, or none where the row as a whole is bad.
    pub field: Option<String>,
    /// What was expected, and what was found.
    pub problem: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        if let Some(field) = &self.field {
            write!(formatter, "{field}: ")?;
        }
        write!(formatter, "{}.", self.problem)
    }
}

/// Why an import or export ended early. What was imported before stays.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The file could not be read or written.
    #[error("The file could not be read or written: {0}")]
    File(#[from] std::io::Error),
    /// The file cannot be read any further.
    #[error("The file cannot be read further than line {line}: {problem}.")]
    Unreadable {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
