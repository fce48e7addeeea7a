//! Several schedulers that share a store, each with connections of its own.

use std::sync::Arc;
use std::time::Duration;

use soar_host::alerts::Couriers;
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{Cadence, ConnectionId, Moment};
use soar_store::testing::TestStore;
use soar_store::{Engine, Store};
use tokio::sync::watch;

use super::world::{Runs, check_of};

/// A long timeout, for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn sqlite_stays_in_wal_mode_and_waits_for_the_disk() {
    let test = TestStore::on(Engine::Sqlite).await;
    assert_eq!(test.store.pragma("PRAGMA synchronous").await.unwrap(), "2", "FULL, for what we acknowledge");
    assert_eq!(test.store.pragma("PRAGMA journal_mode").await.unwrap(), "wal");
}

#[tokio::test]
async fn two_schedulers_check_everything_once() {
    for test in TestStore::on_both().await {
        let mut transaction = test.store.transaction().await.unwrap();
        for connection in 1..=200 {
            let mut check = check_of(ConnectionId(connection));
            check.cadence = Cadence::Every { interval_ms: 1000 };
            transaction.records().create_schedule(&check).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let runs = Arc::new(Runs::default());
        let (stop, stopped) = watch::channel(false);
        let mut nodes = Vec::new();
        for _ in 0..2 {
            let store = Store::open(&test.address).await.unwrap();
            let clock = Arc::new(soar_connector::SystemClock::new());
            let settings = SchedulerSettings::default();
            let scheduler = Scheduler::new(store, clock, runs.clone(), Arc::new(Couriers::default()), settings);
            nodes.push(tokio::spawn(Arc::new(scheduler).serve(stopped.clone())));
        }
        let started = std::time::Instant::now();
        while runs.checked.lock().unwrap().len() < 200 || runs.checked.lock().unwrap().values().any(|runs| *runs < 3) {
            assert!(started.elapsed() < TIMEOUT, "{:?}", runs.checked.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.send(true).unwrap();
        for node in nodes {
            tokio::time::timeout(TIMEOUT, node).await.unwrap().unwrap();
        }
        // Each run wrote one row of history, and no due time has two.
        for connection in [1, 100, 200].map(ConnectionId) {
            let checks =
                test.store.reader().await.unwrap().records().checks(connection, Moment::MAX, 1000).await.unwrap();
            assert_eq!(checks.len(), runs.checked.lock().unwrap()[&connection]);
        }
    }
}
