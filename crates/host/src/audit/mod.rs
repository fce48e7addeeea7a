//! Writes the audit log: many entries per transaction. The host answers a call only after its entry is stored.

mod writer;

pub use writer::{AuditError, AuditWriter};
