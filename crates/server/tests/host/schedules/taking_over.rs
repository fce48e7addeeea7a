//! Another node takes over the work of a dead node, and its result is stored once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use soar_connector::Clock;
use soar_connector::testing::ManualClock;
use soar_host::scheduler::{Scheduler, SchedulerSettings, WorkRunner};
use soar_store::model::{CheckResult, ConnectionId, Moment, RunReport, Schedule, ScheduleRunStatus};
use soar_store::testing::TestStore;
use soar_store::{Engine, Holder};
use tokio::sync::Notify;

use super::world::{SchedulerNode, check_of, command_of};

/// A runner that reports its calls and answers when the test allows it.
#[derive(Debug, Default)]
struct Stuck {
    called: Notify,
    goes_on: Notify,
}

#[async_trait]
impl WorkRunner for Stuck {
    async fn check(&self, _: &Schedule) -> CheckResult {
        self.called.notify_one();
        self.goes_on.notified().await;
        CheckResult { latency_ms: 1, error: None, expiring: None }
    }

    async fn run(&self, _: &Schedule) -> Option<RunReport> {
        self.called.notify_one();
        self.goes_on.notified().await;
        Some(RunReport { output: "null".to_owned(), error: None, request_id: "r".to_owned() })
    }
}

/// A node whose runs hang, as they do where a process was stopped.
fn stuck_beside(world: &SchedulerNode) -> (Arc<Scheduler>, Arc<Stuck>) {
    let runner = Arc::new(Stuck::default());
    let scheduler = Scheduler::new(
        world.store.clone(),
        Arc::new(world.clock.clone()),
        runner.clone(),
        world.delivered.clone(),
        SchedulerSettings::default(),
    );
    (Arc::new(scheduler), runner)
}

#[tokio::test]
async fn the_checks_of_a_node_that_died_are_taken_over_within_30_seconds_and_written_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        let (dead, runner) = stuck_beside(&world);
        world.clock.advance(Duration::from_secs(60));
        let claim = dead.look().await.unwrap().claims.remove(0);
        let node = Arc::clone(&dead);
        let hanging = tokio::spawn(async move { node.run(claim).await });
        runner.called.notified().await;
        assert_eq!(dead.in_hand(), 1);
        let mut seconds = 0;
        while world.pass(1).await == 0 {
            seconds += 1;
            assert!(seconds < 30, "nobody took it over");
        }
        assert!(seconds >= 14, "a node that lives keeps its work for as long as it said: {seconds}");
        // The node was only suspended: it must not store a second result.
        runner.goes_on.notify_one();
        assert!(!hanging.await.unwrap());
        let checks =
            test.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap();
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert_eq!(checks[0].node, world.scheduler.node());
    }
}

#[tokio::test]
async fn a_node_that_says_that_it_lives_keeps_its_work() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        let (slow, runner) = stuck_beside(&world);
        world.clock.advance(Duration::from_secs(60));
        let claim = slow.look().await.unwrap().claims.remove(0);
        let node = Arc::clone(&slow);
        let running = tokio::spawn(async move { node.run(claim).await });
        runner.called.notified().await;
        for _ in 0..20 {
            slow.renew().await.unwrap();
            assert_eq!(world.pass(4).await, 0);
        }
        runner.goes_on.notify_one();
        assert!(running.await.unwrap());
    }
}

#[tokio::test]
async fn a_claim_whose_commit_was_not_known_is_run_by_its_own_host_at_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut patch = command_of(ConnectionId(1), "Patch nightly", &site);
        patch.repeatable = false;
        world.create(&patch).await;
        world.clock.advance(Duration::from_secs(60));
        // As after a connection that broke at the commit: the store has the claim, and the host does not know it.
        drop(world.claim().await);
        let other = world.beside();
        assert_eq!(other.work().await, 0, "the lease holds");
        assert_eq!(world.work().await, 1, "it has not begun, so it is neither repeated nor interrupted");
        assert_eq!(*world.runs.ran.lock().unwrap(), ["Patch nightly"]);
    }
}

#[tokio::test]
async fn a_host_that_was_suspended_does_not_judge_its_own_work() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut patch = command_of(ConnectionId(1), "Patch nightly", &site);
        patch.repeatable = false;
        let schedule = world.create(&patch).await;
        let (host, runner) = stuck_beside(&world);
        world.clock.advance(Duration::from_secs(60));
        let claim = host.look().await.unwrap().claims.remove(0);
        let running = tokio::spawn({
            let host = Arc::clone(&host);
            async move { host.run(claim).await }
        });
        runner.called.notified().await;
        world.clock.advance(Duration::from_secs(25));
        assert!(host.look().await.unwrap().claims.is_empty());
        host.renew().await.unwrap();
        world.pass(5).await;
        runner.goes_on.notify_one();
        assert!(running.await.unwrap(), "its result is kept");
        let mut reader = test.store.reader().await.unwrap();
        let runs = reader.records().schedule_runs(schedule.id, None, 10).await.unwrap();
        assert_eq!((runs.len(), runs[0].status), (1, ScheduleRunStatus::Successful));
    }
}

/// A clock that advances at each reading, as if the host were suspended between any two steps.
#[derive(Debug)]
struct Leaping(ManualClock);

#[async_trait]
impl Clock for Leaping {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.advance(Duration::from_secs(10));
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

#[tokio::test]
async fn what_a_host_was_suspended_in_claiming_is_left_to_others() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        world.clock.advance(Duration::from_secs(60));
        let (clock, runs) = (Arc::new(Leaping(world.clock.clone())), world.runs.clone());
        let (courier, rules) = (world.delivered.clone(), SchedulerSettings::default());
        let suspended = Scheduler::new(world.store.clone(), clock, runs, courier, rules);
        assert!(suspended.look().await.unwrap().claims.is_empty(), "its lease may have ended before it begins");
        assert_eq!(suspended.in_hand(), 0);
        world.clock.advance(Duration::from_secs(16));
        assert_eq!(world.work().await, 1);
    }
}

#[tokio::test]
async fn rows_that_a_suspended_host_has_locked_are_free_about_as_soon_as_its_leases_end() {
    let test = TestStore::on(Engine::Postgres).await;
    let mut transaction = test.store.transaction().await.unwrap();
    let made = transaction.records().create_schedule(&check_of(ConnectionId(1))).await.unwrap();
    transaction.records().run_soon(made.id).await.unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = test.store.transaction().await.unwrap();
    let mut records = transaction.records();
    let now = records.now().await.unwrap();
    let holder = Holder { node: "suspended", lease: Duration::from_secs(15), in_hand: &BTreeSet::new() };
    assert_eq!(records.claim_due(holder, now, 1).await.unwrap().claimed.len(), 1);
    let (begun, there) = (Instant::now(), SchedulerNode::at(&test.store, SystemTime::now()));
    while there.claim().await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(40), "the rows stay locked");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    transaction.commit().await.unwrap_err();
}

#[tokio::test]
async fn a_command_that_changes_something_is_not_repeated_when_its_node_died() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut patch = command_of(ConnectionId(1), "Patch nightly", &site);
        patch.repeatable = false;
        let schedule = world.create(&patch).await;
        let (dead, runner) = stuck_beside(&world);
        world.clock.advance(schedule.next_due_at.since(world.now()));
        let claim = dead.look().await.unwrap().claims.remove(0);
        let node = Arc::clone(&dead);
        let hanging = tokio::spawn(async move { node.run(claim).await });
        runner.called.notified().await;
        world.pass(20).await;
        assert!(world.runs.ran.lock().unwrap().is_empty());
        let mut reader = test.store.reader().await.unwrap();
        let runs = reader.records().schedule_runs(schedule.id, None, 10).await.unwrap();
        assert_eq!((runs.len(), runs[0].status), (1, ScheduleRunStatus::Interrupted));
        assert!(runs[0].error.as_deref().unwrap().contains("did not renew its lease for 15 s."), "{runs:?}");
        assert_eq!(runs[0].node, dead.node());
        runner.goes_on.notify_one();
        assert!(!hanging.await.unwrap());
        assert_eq!(world.pass(60).await, 1, "its next time comes all the same");
    }
}
