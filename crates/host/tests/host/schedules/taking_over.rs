//! What a node leaves behind is taken over by another, and its result written once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use soar_host::scheduler::{Runner, Scheduler, SchedulerSettings};
use soar_store::model::{CheckResult, Moment, RunReport, Schedule, ScheduleRunStatus};
use soar_store::testing::TestStore;
use tokio::sync::Notify;

use super::world::{World, check_of, command_of};

/// A runner that says when it was called and answers when it is let.
#[derive(Debug, Default)]
struct Stuck {
    called: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Runner for Stuck {
    async fn check(&self, _: &Schedule) -> CheckResult {
        self.called.notify_one();
        self.goes_on.notified().await;
        CheckResult { latency_ms: 1, error: None, expiring: None }
    }

    async fn run(&self, _: &Schedule) -> RunReport {
        self.called.notify_one();
        self.goes_on.notified().await;
        RunReport { output: "null".to_owned(), error: None, request_id: "r".to_owned() }
    }
}

/// A node whose runs hang, as they do where a process was stopped.
fn stuck_beside(world: &World) -> (Arc<Scheduler>, Arc<Stuck>) {
    let runner = Arc::new(Stuck::default());
    let scheduler = Scheduler::new(
        world.store.clone(),
        Arc::new(world.clock.clone()),
        world.queue.clone(),
        runner.clone(),
        world.delivered.clone(),
        SchedulerSettings::default(),
    );
    (Arc::new(scheduler), runner)
}

#[tokio::test]
async fn the_checks_of_a_node_that_died_are_taken_over_within_30_seconds_and_written_once() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        world.create(&check_of(1)).await;
        let (dead, runner) = stuck_beside(&world);
        world.clock.advance(Duration::from_secs(60));
        dead.hand_out().await.unwrap();
        let item = world.queue.drain().await[0];
        let node = Arc::clone(&dead);
        let hanging = tokio::spawn(async move { node.take(item).await });
        runner.called.notified().await;
        assert_eq!(dead.in_hand(), 1);
        let mut seconds = 0;
        while world.pass(1).await == 0 {
            seconds += 1;
            assert!(seconds < 30, "nobody took it over");
        }
        assert!(seconds >= 14, "a node that lives keeps its work for as long as it said: {seconds}");
        // The dead one was only asleep: it may not write a second result.
        runner.goes_on.notify_one();
        assert!(!hanging.await.unwrap().unwrap());
        let checks = test.store.reader().await.unwrap().records().checks(1, Moment::MAX, 10).await.unwrap();
        assert_eq!(checks.len(), 1, "{checks:?}");
        assert_eq!(checks[0].node, world.scheduler.node());
    }
}

#[tokio::test]
async fn a_node_that_says_that_it_lives_keeps_its_work() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        world.create(&check_of(1)).await;
        let (slow, runner) = stuck_beside(&world);
        world.clock.advance(Duration::from_secs(60));
        slow.hand_out().await.unwrap();
        let item = world.queue.drain().await[0];
        let node = Arc::clone(&slow);
        let running = tokio::spawn(async move { node.take(item).await });
        runner.called.notified().await;
        for _ in 0..20 {
            slow.renew().await.unwrap();
            assert_eq!(world.pass(4).await, 0);
        }
        runner.goes_on.notify_one();
        assert!(running.await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn work_that_the_queue_lost_is_handed_out_again() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let schedule = world.create(&check_of(1)).await;
        // To the moment, so that the next due time is a minute off.
        world.clock.advance(schedule.next_due_at.since(world.scheduler.now()));
        world.scheduler.hand_out().await.unwrap();
        let lost = world.queue.drain().await;
        assert_eq!(world.pass(9).await, 0);
        assert_eq!(world.pass(2).await, 1);
        assert!(!world.scheduler.take(lost[0]).await.unwrap(), "the lost one came back");
        assert_eq!(world.checked(1), 1);
    }
}

#[tokio::test]
async fn a_command_that_changes_something_is_not_repeated_when_its_node_died() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut patch = command_of(1, "Patch nightly", &site);
        patch.repeatable = false;
        let schedule = world.create(&patch).await;
        let (dead, runner) = stuck_beside(&world);
        world.clock.advance(schedule.next_due_at.since(world.scheduler.now()));
        dead.hand_out().await.unwrap();
        let item = world.queue.drain().await[0];
        let node = Arc::clone(&dead);
        let hanging = tokio::spawn(async move { node.take(item).await });
        runner.called.notified().await;
        world.pass(20).await;
        assert!(world.runs.ran.lock().unwrap().is_empty());
        let mut reader = test.store.reader().await.unwrap();
        let runs = reader.records().schedule_runs(schedule.id, i64::MAX, 10).await.unwrap();
        assert_eq!((runs.len(), runs[0].status), (1, ScheduleRunStatus::Interrupted));
        assert!(runs[0].error.as_deref().unwrap().contains("check before you repeat"), "{runs:?}");
        assert_eq!(runs[0].node, dead.node());
        runner.goes_on.notify_one();
        assert!(!hanging.await.unwrap().unwrap());
        assert_eq!(world.pass(60).await, 1, "its next time comes all the same");
    }
}
