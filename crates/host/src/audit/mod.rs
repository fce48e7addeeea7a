//! Writing the audit log: many entries per transaction, and nobody is answered before their entry is kept.

mod outdated;
mod writer;

pub(crate) use writer::Rested;
pub use writer::{AuditError, AuditWriter};
