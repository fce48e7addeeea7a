//! Writing the audit log: many entries per transaction, and nobody is answered before their entry is kept.

mod writer;

pub use writer::{AuditError, AuditWriter};
