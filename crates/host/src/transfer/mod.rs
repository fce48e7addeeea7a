//! Import and export of incidents and cases as JSON, NDJSON or CSV, in batches, so memory does not grow with the number
//! of rows.
//!
//! An incident is an object with `number`, `title`, `description`, `incidentType`, `site` (a name), `owner`,
//! `assignee`, `severity`, `status`, `disposition`, `conclusion`, `rawData` (any JSON), `dueAt`, `creator`,
//! `createdAt`, `modifiedAt`, `closedAt`, `closedBy`, `tasks` (of `name`, `required`, `done`), `fields` (of `section`,
//! `name`, `kind`, `requiredOnClose`, `value`), `cases` and `linkedIncidents` (both of `number`, `linkedAt`,
//! `linkedBy`), `findings` (of `findingId`, `connection`, `tenantId`, `tenant`, `cve`, `device`, `address`, `firstSeen`,
//! `evidence`, `status`) and `rule` (`name`, `onePer`, `cve`). A case has `number`, `title`, `description`, `caseType`, `site`, `owner`, `priority`, `timeZone`,
//! `status`, `creator`, `reportedAt`, `createdAt`, `modifiedAt`, `closedAt` and `closedBy`. Only `number` and `site`
//! are required. Times are RFC 3339, or `yyyy-MM-dd HH:mm:ss` in UTC. In CSV these names are the columns; `rawData` and
//! the lists are JSON in their cells, and a cell that a spreadsheet would run as a formula begins with an apostrophe
//! that the import removes. The names of D3's fields and the headings of the terminal's lists are understood too
//! (`columns`), times may be milliseconds since 1970, and a byte order mark may stand before everything. Import cases
//! before the incidents that are linked to them, and make the connections and rules of findings before that.

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
use soar_connector::sentence;
use soar_store::StoreError;
use soar_store::text_enum;
use utoipa::ToSchema;

pub use export::export;
pub use formula::guarded;
pub use import::{ImportOptions, ImportReport, OnConflict, import};

text_enum! {
    /// The format of a file.
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
    /// The kind of objects in a file.
    pub enum Subject {
        /// Incidents with their tasks, dynamic fields and links.
        Incidents = "incidents",
        /// Cases.
        Cases = "cases",
    }
}

/// The progress of an import or export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransferProgress {
    /// The number of rows read or written.
    pub rows: u64,
    /// The number of all rows, where it is known.
    pub total_rows: Option<u64>,
    /// The number of bytes read by an import.
    pub bytes: u64,
}

/// A row that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BadRow {
    /// The line on which the row starts, counted from 1.
    pub line: u64,
    /// The field; `None` where the problem concerns the whole row.
    pub field: Option<String>,
    /// The expected and the found value.
    pub problem: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: ", self.line)?;
        if let Some(field) = &self.field {
            write!(formatter, "{field}: ")?;
        }
        // A problem may be a whole sentence.
        formatter.write_str(&sentence(&self.problem))
    }
}

/// The reason for which an import or export ended early. Imported batches stay stored.
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
        /// The problem on that line.
        problem: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
