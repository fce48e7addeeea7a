//! One task that writes queued entries together.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::model::AuditEntry;
use crate::store::{Store, StoreError};

/// How many entries may wait; more callers wait for a place.
const QUEUE: usize = 4096;

/// How many entries are written in one transaction at most.
const BATCH: usize = 1024;

/// How long a key's last use counts as noted, in milliseconds.
const NOTED: i64 = 60_000;

/// The entry is not kept, so the call must not be answered as if it were.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit log could not be written: {0}")]
pub struct AuditError(Arc<str>);

/// An entry and whoever waits for it; or none, when only a key's use is to be noted.
struct Queued {
    entry: Option<(AuditEntry, oneshot::Sender<Result<(), AuditError>>)>,
    key: Option<i64>,
    at: i64,
}

/// Writes entries. Cheap to clone; the task ends when all of them are dropped and everything is written.
#[derive(Clone)]
pub struct AuditWriter {
    queue: mpsc::Sender<Queued>,
    waiting: Arc<AtomicUsize>,
}

impl std::fmt::Debug for AuditWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AuditWriter").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl AuditWriter {
    /// Starts the task.
    #[must_use]
    pub fn start(store: Store) -> Self {
        let (queue, incoming) = mpsc::channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        tokio::spawn(write(store, incoming, Arc::clone(&waiting)));
        Self { queue, waiting }
    }

    /// Keeps `entry`, and notes that the key of that number was used; returns when both will survive a crash.
    ///
    /// # Errors
    /// [`AuditError`] when the store failed.
    pub async fn write(&self, entry: AuditEntry, key: Option<i64>) -> Result<(), AuditError> {
        let (kept, outcome) = oneshot::channel();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let gone = || AuditError("its task has ended".into());
        let at = entry.at;
        self.queue.send(Queued { entry: Some((entry, kept)), key, at }).await.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())?
    }

    /// Notes that the key of that number was used, when there is time for it.
    pub fn note_use(&self, key: Option<i64>, at: i64) {
        if let Some(key) = key
            && self.queue.try_send(Queued { entry: None, key: Some(key), at }).is_ok()
        {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many entries wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

async fn write(store: Store, mut incoming: mpsc::Receiver<Queued>, waiting: Arc<AtomicUsize>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut noted: HashMap<i64, i64> = HashMap::new();
    // Whatever queues up while one transaction is written makes the next one.
    while incoming.recv_many(&mut batch, BATCH).await > 0 {
        let mut used: HashMap<i64, i64> = HashMap::new();
        let mut entries = Vec::with_capacity(batch.len());
        let mut callers = Vec::with_capacity(batch.len());
        let taken = batch.len();
        for Queued { entry, key, at } in batch.drain(..) {
            if let Some((entry, kept)) = entry {
                entries.push(entry);
                callers.push(kept);
            }
            if let Some(key) = key.filter(|key| noted.get(key).is_none_or(|before| at - before >= NOTED)) {
                used.insert(key, at);
            }
        }
        let outcome = keep(&store, &entries, &used).await.map_err(|error| {
            tracing::error!(%error, entries = entries.len(), "the audit log could not be written");
            AuditError(error.to_string().into())
        });
        if outcome.is_ok() {
            noted.extend(used);
        }
        waiting.fetch_sub(taken, Ordering::Relaxed);
        for kept in callers {
            // A caller who has gone away needs no word; the entry is there.
            let _ = kept.send(outcome.clone());
        }
    }
}

async fn keep(store: &Store, entries: &[AuditEntry], used: &HashMap<i64, i64>) -> Result<(), StoreError> {
    if entries.is_empty() && used.is_empty() {
        return Ok(());
    }
    let mut transaction = store.transaction().await?;
    let mut records = transaction.records();
    if !entries.is_empty() {
        records.append_audit(entries).await?;
    }
    for (key, at) in used {
        records.touch_key(*key, *at).await?;
    }
    transaction.commit().await
}
