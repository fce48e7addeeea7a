//! Writing the audit log: many entries per transaction, and nobody is answered before their entry is kept.

mod batch;
mod outdated;
mod writer;

pub(crate) use batch::Rested;
pub use writer::{AuditError, AuditWriter};
