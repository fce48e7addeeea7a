//! The queue on apalis: it brings what it took, keeps its own tables apart, and never makes SQLite careless.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use soar_host::alerts::Couriers;
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{Cadence, Moment, WorkItem};
use soar_store::testing::TestStore;
use soar_store::{Engine, Store, WorkQueue};
use tokio::sync::{mpsc, watch};

use super::world::{Runs, check_of};

/// Far more than anything here takes, for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_one_process_hands_out_another_can_be_brought() {
    for test in TestStore::on_both().await {
        let other = Store::open(&test.address).await.unwrap();
        let (here, there) = (test.store.job_queue().await.unwrap(), other.job_queue().await.unwrap());
        let items: Vec<_> = (1..=500).map(|schedule| WorkItem { schedule, due_at: Moment(5), attempt: 1 }).collect();
        here.enqueue(&items).await.unwrap();
        let (taker, mut brought) = mpsc::channel(10);
        let serving = tokio::spawn(async move { there.serve(taker).await });
        let mut seen = BTreeSet::new();
        while seen.len() < items.len() {
            seen.insert(tokio::time::timeout(PATIENCE, brought.recv()).await.unwrap().unwrap());
        }
        assert_eq!(seen, items.into_iter().collect());
        drop(brought);
        tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn the_queues_tables_are_apart_and_opening_it_again_changes_nothing() {
    for test in TestStore::on_both().await {
        test.store.job_queue().await.unwrap();
        test.store.job_queue().await.unwrap();
        // Our own migrations still know all of theirs.
        Store::open(&test.address).await.unwrap();
    }
}

#[tokio::test]
async fn sqlite_stays_in_wal_mode_and_waits_for_the_disk() {
    let test = TestStore::on(Engine::Sqlite).await;
    test.store.job_queue().await.unwrap();
    assert_eq!(test.store.job_queue().await.unwrap().synchronous().await.unwrap(), Some(1), "NORMAL, and never OFF");
    assert_eq!(test.store.pragma("PRAGMA synchronous").await.unwrap(), "2", "FULL, for what we acknowledge");
    assert_eq!(test.store.pragma("PRAGMA journal_mode").await.unwrap(), "wal");
}

#[tokio::test]
async fn a_scheduler_on_the_queue_checks_everything_once() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        for connection in 1..=200 {
            let mut check = check_of(connection);
            check.cadence = Cadence::Every { interval_ms: 1000 };
            transaction.records().create_schedule(&check, Moment(1)).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let runs = Arc::new(Runs::default());
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for _ in 0..2 {
            let store = Store::open(&test.address).await.unwrap();
            let queue = Arc::new(store.job_queue().await.unwrap());
            let clock = Arc::new(soar_connector::SystemClock::new());
            let settings = SchedulerSettings::default();
            let scheduler = Scheduler::new(store, clock, queue, runs.clone(), Arc::new(Couriers::default()), settings);
            nodes.push(tokio::spawn(Arc::new(scheduler).serve(stopped.clone())));
        }
        let started = std::time::Instant::now();
        while runs.checked.lock().unwrap().len() < 200 || runs.checked.lock().unwrap().values().any(|runs| *runs < 3) {
            assert!(started.elapsed() < PATIENCE, "{:?}", runs.checked.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.send(true).unwrap();
        for node in nodes {
            tokio::time::timeout(PATIENCE, node).await.unwrap().unwrap();
        }
        // Each run wrote one row of history, and no due time has two.
        for connection in [1, 100, 200] {
            let checks =
                test.store.reader().await.unwrap().records().checks(connection, Moment::MAX, 1000).await.unwrap();
            assert_eq!(checks.len(), runs.checked.lock().unwrap()[&connection]);
        }
    }
}
