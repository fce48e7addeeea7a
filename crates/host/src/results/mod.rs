//! Runs that a user started from a page, and their results. A result is outside of memory, in a sealed temporary file,
//! for an hour.

mod budget;
mod content;
mod json;
mod kept_run;
mod order;
mod query;
mod sealed_file;
mod service;
mod writer;

pub use content::{ContentError, KeyValues, ResultContent, RowsPage};
pub use json::{Node, NodeKind};
pub use kept_run::{EndedRun, KeptRun, KeptRunId, RunProgress, RunState};
pub use order::RowOrder;
pub use query::{Match, Matches, QueryError};
pub use service::{ResultLimits, Results};
