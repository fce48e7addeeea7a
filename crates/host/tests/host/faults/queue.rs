//! The queue of due work whose database fails for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use soar_host::alerts::Couriers;
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{Cadence, Moment, WorkItem};
use soar_store::testing::{PostgresServer, Stop, TestStore};
use soar_store::{Engine, JobQueue, Store, WorkQueue as _};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, SqliteConnection};
use tokio::sync::{mpsc, watch};

use super::proxy::Proxy;
use crate::schedules::world::{Runs, check_of};

const LONG: Duration = Duration::from_secs(30);

fn item(schedule: i64) -> WorkItem {
    WorkItem { schedule, due_at: Moment(5), attempt: 1 }
}

/// Hands out `item` until that works, and waits until it is brought.
async fn is_brought(queue: &JobQueue, brought: &mut mpsc::Receiver<WorkItem>, item: WorkItem) {
    let bringing = async {
        while let Err(error) = queue.enqueue(&[item]).await {
            assert!(error.trouble().is_some() || error.to_string().contains("as of a disk"), "{error}");
            tokio::task::yield_now().await;
        }
        while brought.recv().await.unwrap() != item {}
    };
    tokio::time::timeout(LONG, bringing).await.expect("the queue to go on");
}

#[tokio::test]
async fn a_queue_whose_server_vanished_goes_on_with_its_successor() {
    let (address, proxy) = Proxy::to_a_database().await;
    let store = Store::open_impatient(&address, Duration::from_secs(1)).await.unwrap();
    let queue = Arc::new(store.job_queue().await.unwrap());
    let (taker, mut brought) = mpsc::channel(10);
    let serving = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.serve(taker).await }
    });
    is_brought(&queue, &mut brought, item(1)).await;
    proxy.vanish();
    let ended = tokio::time::timeout(LONG, queue.enqueue(&[item(2)])).await;
    assert!(ended.expect("who hands out waits no longer than others").is_err());
    proxy.come_back();
    is_brought(&queue, &mut brought, item(3)).await;
    drop(brought);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_queue_whose_transaction_sqlite_ended_by_itself_goes_on() {
    let test = TestStore::on(Engine::Sqlite).await;
    let queue = Arc::new(test.store.job_queue().await.unwrap());
    let mut other = SqliteConnection::connect(&test.address).await.unwrap();
    for table in ["Jobs", "Workers"] {
        let sql = format!(
            "CREATE TRIGGER act_on_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ROLLBACK, 'as of a disk'); END"
        );
        other.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let (taker, mut brought) = mpsc::channel(10);
    let serving = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.serve(taker).await }
    });
    for _ in 0..5 {
        assert!(queue.enqueue(&[item(1)]).await.is_err());
    }
    other.execute("DROP TRIGGER act_on_Jobs; DROP TRIGGER act_on_Workers").await.unwrap();
    is_brought(&queue, &mut brought, item(2)).await;
    drop(brought);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_scheduler_takes_up_its_rounds_again_after_its_server_was_stopped_and_started() {
    let server = PostgresServer::alone();
    let store = Store::open_impatient(&server.new_database(), Duration::from_secs(2)).await.unwrap();
    let mut check = check_of(1);
    check.cadence = Cadence::Every { interval_ms: 1000 };
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().create_schedule(&check, Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
    let runs = Arc::new(Runs::default());
    let (stop, stopped) = watch::channel(false);
    let queue = Arc::new(store.job_queue().await.unwrap());
    let (clock, courier) = (Arc::new(soar_connector::SystemClock::new()), Arc::new(Couriers::default()));
    let settings = SchedulerSettings::default();
    let scheduler = Scheduler::new(store.clone(), clock, queue, runs.clone(), courier, settings);
    let serving = tokio::spawn(Arc::new(scheduler).serve(stopped));
    let checked = || runs.checked.lock().unwrap().get(&1).copied().unwrap_or(0);
    let is_checked_again = async || {
        let (before, begun) = (checked(), Instant::now());
        while checked() == before {
            assert!(begun.elapsed() < LONG, "nothing is checked after {before} times");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    is_checked_again().await;
    server.stop(Stop::Fast);
    let begun = Instant::now();
    // Until a round has failed.
    while store.failing().await.is_none() {
        assert!(begun.elapsed() < LONG, "no round has noticed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.start_again();
    is_checked_again().await;
    is_checked_again().await;
    stop.send(true).unwrap();
    serving.await.unwrap();
    let checks = store.reader().await.unwrap().records().checks(1, Moment::MAX, 1000).await.unwrap();
    assert_eq!(checks.len(), checked(), "each check is kept, once");
}
