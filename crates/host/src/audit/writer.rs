//! One task that writes queued entries together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use soar_store::model::{AccessKeyId, AuditEntry, Moment};
use soar_store::{Store, StoreError};
use tokio::sync::{mpsc, oneshot};

use crate::conflicts::until_no_conflict;

/// The capacity of the queue. Further callers wait for room.
const QUEUE: usize = 4096;

/// The most entries in one transaction.
const BATCH_SIZE: usize = 1024;

/// The time for which a key's last use counts as stored.
const NOTED: Duration = Duration::from_secs(60);

/// The entry was not stored, so the host must not answer the call as if it were.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit log could not be written: {0}")]
pub struct AuditError(Arc<str>);

impl AuditError {
    fn ended() -> Self {
        Self("the task that writes it has ended".into())
    }
}

/// Tells the caller whether its entry is stored.
type Acknowledgement = oneshot::Sender<Result<(), AuditError>>;

#[derive(Debug)]
struct Queued {
    /// The entry and its caller; `None` to store only the use of a key.
    entry: Option<(AuditEntry, Acknowledgement)>,
    key: Option<AccessKeyId>,
    at: Moment,
}

/// Writes entries. Cheap to clone. The task ends once all clones are dropped and all entries are written.
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
        tokio::spawn(write_all(store, incoming, Arc::clone(&waiting)));
        Self { queue, waiting }
    }

    /// Stores `entry` and the use of the key. Returns once both survive a crash.
    ///
    /// # Errors
    /// [`AuditError`] when the store failed.
    pub async fn write(&self, entry: AuditEntry, key: Option<AccessKeyId>) -> Result<(), AuditError> {
        let (kept, outcome) = oneshot::channel();
        let at = entry.at;
        let place = self.queue.reserve().await.map_err(|_| AuditError::ended())?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        place.send(Queued { entry: Some((entry, kept)), key, at });
        outcome.await.map_err(|_| AuditError::ended())?
    }

    /// Stores the use of the key without waiting for it.
    pub fn note_use(&self, key: Option<AccessKeyId>, at: Moment) {
        // In a full queue other entries note the key's use soon.
        if key.is_some()
            && let Ok(place) = self.queue.try_reserve()
        {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            place.send(Queued { entry: None, key, at });
        }
    }

    /// The number of entries that wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

async fn write_all(store: Store, mut incoming: mpsc::Receiver<Queued>, waiting: Arc<AtomicUsize>) {
    let mut queued = Vec::with_capacity(BATCH_SIZE);
    let mut noted: HashMap<AccessKeyId, Moment> = HashMap::new();
    // Entries that arrive while one batch is written form the next batch.
    while incoming.recv_many(&mut queued, BATCH_SIZE).await > 0 {
        let taken = queued.len();
        let (mut entries, mut callers) = (Vec::with_capacity(taken), Vec::with_capacity(taken));
        // All hosts write in the same order, so that they cannot deadlock.
        let mut used = BTreeMap::new();
        for Queued { entry, key, at } in queued.drain(..) {
            if let Some(key) = key.filter(|key| noted.get(key).is_none_or(|before| at.since(*before) >= NOTED)) {
                used.insert(key, at);
            }
            if let Some((entry, caller)) = entry {
                entries.push(entry);
                callers.push(caller);
            }
        }
        let mut outcome = Ok(());
        if !entries.is_empty() || !used.is_empty() {
            outcome = write_batch(&store, &entries, &used).await.map_err(|error| {
                if !store.note(&error) {
                    tracing::error!(%error, entries = taken, "the audit log could not be written");
                }
                AuditError(error.to_string().into())
            });
            if outcome.is_ok() {
                store.note_written();
                noted.extend(used);
            }
        }
        waiting.fetch_sub(taken, Ordering::Relaxed);
        for caller in callers {
            // A caller that has gone away needs no answer: the entry is stored.
            let _ = caller.send(outcome.clone());
        }
    }
}

/// Stores all entries and uses, or none.
async fn write_batch(
    store: &Store,
    entries: &[AuditEntry],
    used: &BTreeMap<AccessKeyId, Moment>,
) -> Result<(), StoreError> {
    until_no_conflict(|| async {
        let mut transaction = store.transaction().await?;
        let mut records = transaction.records();
        if !entries.is_empty() {
            records.append_audit(entries).await?;
        }
        for (key, at) in used {
            records.touch_key(*key, *at).await?;
        }
        transaction.commit().await
    })
    .await
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use soar_store::model::Surface;
    use soar_store::testing::{PostgresServer, TestStore};
    use soar_store::{AuditFilter, Engine};

    fn entry(number: usize) -> AuditEntry {
        AuditEntry {
            at: Moment(1),
            request_id: format!("request {number}"),
            surface: Surface::Command,
            address: String::new(),
            key: String::new(),
            username: format!("user {}", number % 3),
            acting_for: String::new(),
            site: "a \"site\"".to_owned(),
            command: "GetIncidents".to_owned(),
            status: 200,
            accepted: number.is_multiple_of(2),
            reason: String::new(),
        }
    }

    /// The log, the oldest entry first.
    async fn log(store: &Store) -> Vec<AuditEntry> {
        let mut reader = store.reader().await.unwrap();
        let log = reader.records().audit(&AuditFilter::default(), 10_000).await.unwrap();
        log.into_iter().rev().map(|(_, entry)| entry).collect()
    }

    #[tokio::test]
    async fn entries_are_kept_as_they_are_and_in_their_order() {
        for test in TestStore::on_both().await {
            let audit = AuditWriter::start(test.store.clone());
            let written = (0..3000).map(|number| audit.write(entry(number), None));
            assert!(futures_util::future::join_all(written).await.iter().all(Result::is_ok));
            assert_eq!(audit.waiting(), 0);
            let mut kept = log(&test.store).await;
            kept.sort_by_key(|entry| entry.request_id.split_at(8).1.parse::<usize>().unwrap());
            assert!(kept == (0..3000).map(entry).collect::<Vec<_>>());
            let together: Vec<_> = (3000..3500).map(entry).collect();
            let mut transaction = test.store.transaction().await.unwrap();
            transaction.records().append_audit(&together).await.unwrap();
            transaction.commit().await.unwrap();
            assert!(log(&test.store).await.split_off(3000) == together);
        }
    }

    #[tokio::test]
    async fn an_entry_that_fails_only_when_it_is_committed_does_not_count_as_kept() {
        let test = TestStore::on(Engine::Postgres).await;
        let audit = AuditWriter::start(test.store.clone());
        audit.write(entry(1), None).await.unwrap();
        let fails_late =
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''late''; END';
             CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION fail()";
        PostgresServer::shared().run_sql(&test.address, fails_late);
        audit.write(entry(2), None).await.unwrap_err();
        assert_eq!(log(&test.store).await, [entry(1)]);
    }

    #[tokio::test]
    async fn an_entry_whose_caller_went_away_is_written() {
        for test in TestStore::on_both().await {
            let audit = AuditWriter::start(test.store.clone());
            let transaction = test.store.transaction().await.unwrap();
            let mut leaving = Box::pin(audit.write(entry(1), None));
            assert!(leaving.as_mut().now_or_never().is_none());
            drop(leaving);
            drop(transaction);
            audit.write(entry(2), None).await.unwrap();
            assert_eq!(log(&test.store).await, [entry(1), entry(2)]);
        }
    }
}
