//! An entry that was not written because the store had changed: its call is answered anew, or had nobody left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use soar_store::model::AuditEntry;
use tokio::sync::mpsc;

use super::writer::{Item, Queued};

/// What stands in the log of a call that nobody waited for.
const LEFT: &str = "The caller went away before it was answered.";

/// An entry that is still to be written. Whoever takes it sees to that; dropped, it is written as that of a call whose
/// caller has gone away.
#[derive(Debug)]
pub(crate) struct Outdated {
    entry: Box<AuditEntry>,
    is_taken: bool,
    outbox: Outbox,
}

/// Where an entry goes that nobody takes. It keeps the writer from ending no more than its callers do.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    pub queue: mpsc::WeakSender<Queued>,
    /// How many entries wait in the queue.
    pub waiting: Arc<AtomicUsize>,
}

impl Outbox {
    pub(super) fn outdated(&self, entry: AuditEntry) -> Outdated {
        Outdated { entry: Box::new(entry), is_taken: false, outbox: self.clone() }
    }
}

impl Outdated {
    /// The entry, to conclude it anew.
    pub(crate) fn take(mut self) -> AuditEntry {
        self.is_taken = true;
        (*self.entry).clone()
    }

    /// The entry of a call whose caller has gone away.
    pub(super) fn left(mut self) -> AuditEntry {
        self.is_taken = true;
        left(&self.entry)
    }
}

impl Drop for Outdated {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        let entry = left(&self.entry);
        let at = entry.at;
        let queued = Queued { item: Item::Left(entry), key: None, at };
        let sent = self.outbox.queue.upgrade().is_some_and(|queue| queue.try_send(queued).is_ok());
        if sent {
            self.outbox.waiting.fetch_add(1, Ordering::Relaxed);
        } else {
            tracing::warn!("the entry of a call whose caller has gone away found no room in the audit log's queue");
        }
    }
}

fn left(entry: &AuditEntry) -> AuditEntry {
    AuditEntry { reason: LEFT.to_owned(), ..entry.clone() }
}
