//! A scheduler whose database fails for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soar_host::alerts::Couriers;
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{Cadence, ConnectionId, Moment};
use soar_store::testing::{PostgresServer, Stop, TestStore};
use soar_store::{Engine, Store};
use sqlx::{Connection as _, Executor as _};
use sqlx_sqlite::SqliteConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::proxy::Proxy;
use crate::schedules::world::{Runs, check_of};

const LONG: Duration = Duration::from_secs(30);

/// A scheduler that checks one connection every second.
struct ServedScheduler {
    store: Store,
    runs: Arc<Runs>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl ServedScheduler {
    async fn on(store: Store) -> Self {
        let mut check = check_of(ConnectionId(1));
        check.cadence = Cadence::Every { interval_ms: 1000 };
        let mut transaction = store.transaction().await.unwrap();
        transaction.records().create_schedule(&check).await.unwrap();
        transaction.commit().await.unwrap();
        let runs = Arc::new(Runs::default());
        let (stop, stopped) = watch::channel(false);
        let (clock, courier) = (Arc::new(soar_connector::SystemClock::new()), Arc::new(Couriers::default()));
        let scheduler = Scheduler::new(store.clone(), clock, runs.clone(), courier, SchedulerSettings::default());
        let serving = tokio::spawn(Arc::new(scheduler).serve(stopped));
        Self { store, runs, stop, serving }
    }

    fn checked(&self) -> usize {
        self.runs.checked.lock().unwrap().get(&ConnectionId(1)).copied().unwrap_or(0)
    }

    async fn checks_again(&self) {
        let (before, begun) = (self.checked(), Instant::now());
        while self.checked() == before {
            assert!(begun.elapsed() < LONG, "nothing is checked after {before} times");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a round has failed.
    async fn notices(&self) {
        let begun = Instant::now();
        while self.store.failing().await.is_none() {
            assert!(begun.elapsed() < LONG, "no round has noticed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ends_with_each_check_kept_once(self) {
        self.stop.send(true).unwrap();
        let checked = self.runs;
        self.serving.await.unwrap();
        let checks =
            self.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 1000).await.unwrap();
        assert_eq!(checks.len(), checked.checked.lock().unwrap()[&ConnectionId(1)]);
    }
}

#[tokio::test]
async fn a_scheduler_whose_server_vanished_goes_on_with_its_successor() {
    let (address, proxy) = Proxy::to_a_database().await;
    let served = ServedScheduler::on(Store::open_with_timeout(&address, Duration::from_secs(1)).await.unwrap()).await;
    served.checks_again().await;
    proxy.vanish();
    served.notices().await;
    proxy.come_back();
    served.checks_again().await;
    served.checks_again().await;
    served.ends_with_each_check_kept_once().await;
}

#[tokio::test]
async fn a_scheduler_whose_transaction_sqlite_ended_by_itself_goes_on() {
    let test = TestStore::on(Engine::Sqlite).await;
    let served = ServedScheduler::on(test.store.clone()).await;
    served.checks_again().await;
    let mut other = SqliteConnection::connect(&test.address).await.unwrap();
    let fails = "CREATE TRIGGER act BEFORE INSERT ON work BEGIN SELECT RAISE(ROLLBACK, 'as of a disk'); END";
    other.execute(fails).await.unwrap();
    let before = served.checked();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(served.checked() <= before + 1, "nothing more is claimed");
    other.execute("DROP TRIGGER act").await.unwrap();
    served.checks_again().await;
    served.checks_again().await;
    served.ends_with_each_check_kept_once().await;
}

#[tokio::test]
async fn a_scheduler_takes_up_its_rounds_again_after_its_server_was_stopped_and_started() {
    let server = PostgresServer::alone();
    let store = Store::open_with_timeout(&server.new_database(), Duration::from_secs(2)).await.unwrap();
    let served = ServedScheduler::on(store).await;
    served.checks_again().await;
    server.stop(Stop::Fast);
    served.notices().await;
    server.start_again();
    served.checks_again().await;
    served.checks_again().await;
    served.ends_with_each_check_kept_once().await;
}
