//! One task that writes queued entries together.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use soar_store::model::{AuditEntry, Moment};
use soar_store::{Store, StoreError, StoreVersion};
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Caller, Rested, RestingCaller};
use super::outdated::Outbox;

/// How many entries may wait; more callers wait for a place.
const QUEUE: usize = 4096;

/// How many entries are written in one transaction at most.
const BATCH: usize = 1024;

/// How long a key's last use counts as noted.
const NOTED: Duration = Duration::from_secs(60);

/// The entry is not kept, so the call must not be answered as if it were.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the audit log could not be written: {0}")]
pub struct AuditError(Arc<str>);

impl AuditError {
    fn ended() -> Self {
        Self("its task has ended".into())
    }
}

#[derive(Debug)]
pub(super) enum Item {
    /// An entry, and whoever waits for it.
    Entry(AuditEntry, Caller),
    /// An entry that holds only if the store has this version still.
    Resting(AuditEntry, StoreVersion, RestingCaller),
    /// An entry for which nobody waits any more.
    Left(AuditEntry),
    /// A key's use is to be noted and no more.
    Use,
}

#[derive(Debug)]
pub(super) struct Queued {
    pub item: Item,
    pub key: Option<i64>,
    pub at: Moment,
}

/// Where entries wait.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Queued>,
    waiting: Arc<AtomicUsize>,
}

impl Queue {
    async fn add(&self, queued: Queued) -> Result<(), AuditError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.sender.send(queued).await.map_err(|_| AuditError::ended())
    }

    /// Adds it if there is room.
    fn try_add(&self, queued: Queued) {
        if self.sender.try_send(queued).is_ok() {
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn outbox(&self) -> Outbox {
        Outbox { queue: self.sender.downgrade(), waiting: Arc::clone(&self.waiting) }
    }
}

/// Writes entries. Cheap to clone; the task ends when all of them are dropped and everything is written.
#[derive(Clone)]
pub struct AuditWriter {
    queue: Queue,
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
        let (sender, incoming) = mpsc::channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let queue = Queue { sender, waiting };
        tokio::spawn(write(store, incoming, queue.outbox()));
        Self { queue }
    }

    /// Keeps `entry`, and notes that the key of that number was used; returns when both will survive a crash.
    ///
    /// # Errors
    /// [`AuditError`] when the store failed.
    pub async fn write(&self, entry: AuditEntry, key: Option<i64>) -> Result<(), AuditError> {
        let (kept, outcome) = oneshot::channel();
        let at = entry.at;
        self.queue.add(Queued { item: Item::Entry(entry, kept), key, at }).await?;
        outcome.await.map_err(|_| AuditError::ended())?
    }

    /// Like [`write`](Self::write), but only if the store's version is `version` still, at a moment after this call.
    ///
    /// # Errors
    /// [`AuditError`] when the store failed.
    pub(crate) async fn write_resting(
        &self,
        entry: AuditEntry,
        key: Option<i64>,
        version: StoreVersion,
    ) -> Result<Rested, AuditError> {
        let (kept, outcome) = oneshot::channel();
        let at = entry.at;
        self.queue.add(Queued { item: Item::Resting(entry, version, kept), key, at }).await?;
        outcome.await.map_err(|_| AuditError::ended())?
    }

    /// Notes that the key of that number was used, when there is time for it.
    pub fn note_use(&self, key: Option<i64>, at: Moment) {
        if key.is_some() {
            // A full queue has uses enough.
            self.queue.try_add(Queued { item: Item::Use, key, at });
        }
    }

    /// How many entries wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.waiting.load(Ordering::Relaxed)
    }
}

async fn write(store: Store, mut incoming: mpsc::Receiver<Queued>, outbox: Outbox) {
    let mut queued = Vec::with_capacity(BATCH);
    let mut batch = Batch::default();
    let mut noted: HashMap<i64, Moment> = HashMap::new();
    // Whatever queues up while one batch is written makes the next one.
    while incoming.recv_many(&mut queued, BATCH).await > 0 {
        let taken = queued.len();
        let outcome = async {
            let mut writer = store.log_writer().await?;
            let version = writer.noted_version();
            for Queued { item, key, at } in queued.drain(..) {
                if let Some(key) = key.filter(|key| noted.get(key).is_none_or(|before| at.since(*before) >= NOTED)) {
                    batch.used.insert(key, at);
                }
                match item {
                    Item::Entry(entry, kept) => batch.add(entry, Some(kept)),
                    Item::Resting(entry, rests_on, kept) => batch.resting.push((entry, rests_on, kept)),
                    Item::Left(entry) => batch.add(entry, None),
                    Item::Use => {}
                }
            }
            // Versions only rise.
            batch.give_back(version, &outbox);
            batch.keep(&mut writer, version, &outbox).await
        };
        let outcome = outcome.await.map_err(|error: StoreError| {
            if !store.note(&error) {
                tracing::error!(%error, entries = taken, "the audit log could not be written");
            }
            AuditError(error.to_string().into())
        });
        if outcome.is_ok() {
            store.note_written();
            noted.extend(std::mem::take(&mut batch.used));
        }
        // What was not taken up for want of the store is answered too.
        for Queued { item, .. } in queued.drain(..) {
            match item {
                Item::Entry(_, kept) => batch.callers.push(kept),
                Item::Resting(entry, rests_on, kept) => batch.resting.push((entry, rests_on, kept)),
                Item::Left(_) | Item::Use => {}
            }
        }
        outbox.waiting.fetch_sub(taken, Ordering::Relaxed);
        batch.answer(&outcome);
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use soar_store::model::Surface;
    use soar_store::testing::{PostgresServer, Stop, TestStore};
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

    /// The log, the oldest first.
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

    /// Keeps an entry that rests on the store as it is. On PostgreSQL, another test's transaction may come between.
    async fn keep_resting(audit: &AuditWriter, store: &Store, number: usize) {
        let attempts = if store.engine() == Engine::Sqlite { 1 } else { 1000 };
        for _ in 0..attempts {
            match audit.write_resting(entry(number), None, store.noted_version()).await.unwrap() {
                Rested::Kept => return,
                Rested::Outdated(outdated) => drop(outdated.take()),
            }
        }
        panic!("nothing has changed, and the entry was not kept");
    }

    #[tokio::test]
    async fn what_rests_on_an_older_store_is_not_written_until_it_is_concluded_anew() {
        for test in TestStore::on_both().await {
            let version = test.store.noted_version();
            let audit = AuditWriter::start(test.store.clone());
            test.store.transaction().await.unwrap().commit().await.unwrap();
            let Rested::Outdated(outdated) = audit.write_resting(entry(1), None, version).await.unwrap() else {
                panic!("there was a transaction since")
            };
            assert!(log(&test.store).await.is_empty());
            assert_eq!(outdated.take(), entry(1));
            keep_resting(&audit, &test.store, 2).await;
            audit.write(entry(3), None).await.unwrap();
            keep_resting(&audit, &test.store, 4).await;
            assert_eq!(log(&test.store).await, [entry(2), entry(3), entry(4)]);
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
        for _ in 0..10 {
            let resting = audit.write_resting(entry(3), None, test.store.noted_version()).await;
            assert!(!matches!(resting, Ok(Rested::Kept)));
        }
        assert_eq!(log(&test.store).await, [entry(1)]);
    }

    #[tokio::test]
    async fn a_server_that_started_again_may_have_lost_and_given_anew_the_numbers_of_transactions() {
        let server = PostgresServer::alone();
        let test = TestStore::at(&server.new_database(), std::time::Duration::from_secs(30)).await;
        let audit = AuditWriter::start(test.store.clone());
        keep_resting(&audit, &test.store, 1).await;
        let version = test.store.noted_version();
        server.stop(Stop::Fast);
        server.start_again();
        let resting = audit.write_resting(entry(2), None, version).await.unwrap();
        let Rested::Outdated(outdated) = resting else { panic!("it may be another server") };
        drop(outdated.take());
        keep_resting(&audit, &test.store, 3).await;
    }

    #[tokio::test]
    async fn an_entry_whose_caller_went_away_is_written_whatever_changed() {
        for test in TestStore::on_both().await {
            let version = test.store.noted_version();
            let audit = AuditWriter::start(test.store.clone());
            // Before the writer comes to it.
            let transaction = test.store.transaction().await.unwrap();
            let mut leaving = Box::pin(audit.write_resting(entry(1), None, version));
            assert!(leaving.as_mut().now_or_never().is_none());
            drop(leaving);
            transaction.commit().await.unwrap();
            // And after.
            drop(audit.write_resting(entry(2), None, version).await.unwrap());
            audit.write(entry(3), None).await.unwrap();
            let left = |number| AuditEntry {
                reason: "The caller went away before it was answered.".to_owned(),
                ..entry(number)
            };
            assert_eq!(log(&test.store).await, [left(1), left(2), entry(3)]);
        }
    }
}
