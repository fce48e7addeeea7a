//! The history of checks and runs, and its retention.

use std::time::Duration;

use soar_store::Retention;
use soar_store::model::{
    ConnectionId, HealthState, Latency, Moment, ScheduleKind, ScheduleRunStatus, SyncRunId, Uptime,
};
use soar_store::testing::TestStore;

use crate::support::new_sync;

use super::world::{SchedulerNode, check_of, command_of};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn the_health_table_says_how_each_connection_fares() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        for connection in 1..=3 {
            world.create(&check_of(ConnectionId(connection))).await;
        }
        let mut inactive = check_of(ConnectionId(4));
        inactive.active = false;
        world.create(&inactive).await;
        world.fail([2]);
        world.pass(180).await;
        let mut reader = world.store.reader().await.unwrap();
        let table = reader.records().health_table(ScheduleKind::HealthCheck).await.unwrap();
        let states: Vec<_> = table.iter().map(|(_, health)| health.as_ref().map(|health| health.state)).collect();
        assert_eq!(states, [Some(HealthState::Healthy), Some(HealthState::Failing), Some(HealthState::Healthy), None]);
        let failing = table[1].1.as_ref().unwrap();
        assert_eq!((failing.failures, failing.last_proof_at), (3, None));
        assert!(failing.last_error.as_deref().unwrap().contains("Status Code: 503."));
        assert_eq!(failing.last_error_code.as_deref(), Some("service-unavailable"));
        let counts = reader.records().health_counts().await.unwrap();
        assert_eq!(
            counts,
            [
                (HealthState::Unknown, 0),
                (HealthState::Healthy, 2),
                (HealthState::Degraded, 0),
                (HealthState::Recovering, 0),
                (HealthState::Stale, 0),
                (HealthState::Failing, 1)
            ]
        );
    }
}

#[tokio::test]
async fn uptime_and_latency_come_from_the_history() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        world.pass(180).await;
        world.fail([1]);
        world.pass(60).await;
        let now = world.now();
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(
            reader.records().uptime(ConnectionId(1), now - DAY, now).await.unwrap(),
            Uptime { passed: 3, failed: 1 }
        );
        let (tomorrow, yesterday) = (now + DAY, now - DAY);
        assert_eq!(
            reader.records().uptime(ConnectionId(1), tomorrow, tomorrow + DAY).await.unwrap(),
            Uptime::default()
        );
        assert_eq!(
            reader.records().uptime(ConnectionId(1), yesterday - DAY, yesterday).await.unwrap(),
            Uptime::default(),
            "what a clock that was ahead stamped does not count"
        );
        assert_eq!(reader.records().latency(ConnectionId(1), yesterday - DAY, yesterday).await.unwrap(), None);
        let latency = reader.records().latency(ConnectionId(1), now - DAY, now).await.unwrap();
        assert_eq!(latency, Some(Latency { p50_ms: 20, p95_ms: 20, p99_ms: 20 }));
        assert_eq!(reader.records().latency(ConnectionId(2), Moment(0), now).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_log_of_schedules_keeps_input_output_and_error() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut nightly = command_of(ConnectionId(1), "Nightly", &site);
        nightly.parameters.insert("Limit".to_owned(), 5.into());
        let schedule = world.create(&nightly).await;
        world.pass(60).await;
        world.fail([1]);
        world.pass(60).await;
        let mut reader = test.store.reader().await.unwrap();
        let runs = reader.records().schedule_runs(schedule.id, None, 10).await.unwrap();
        assert_eq!(
            runs.iter().map(|run| run.status).collect::<Vec<_>>(),
            [ScheduleRunStatus::Failed, ScheduleRunStatus::Successful]
        );
        assert_eq!(runs[0].input.get(), r#"{"Limit":5}"#);
        assert_eq!(runs[0].error.as_deref(), Some("List Devices failed.\nStatus Code: 404.\nMessage: Not Found."));
        assert_eq!(runs[1].output.get(), r#"{"returnData":"Successful"}"#);
        let page = reader.records().schedule_runs(schedule.id, Some(runs[0].id), 10).await.unwrap();
        assert_eq!(format!("{page:?}"), format!("{:?}", &runs[1..]));
    }
}

#[tokio::test]
async fn what_is_older_than_it_is_kept_goes_and_the_rest_stays() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        world.create(&check_of(ConnectionId(1))).await;
        world.create(&command_of(ConnectionId(1), "Nightly", &site)).await;
        world.pass(120).await;
        let kept = Retention { checks: DAY, hours: DAY * 2, runs: DAY, messages: DAY, syncs: DAY, findings: DAY };
        sync(&world).await;
        world.clock.advance(Duration::from_secs(90_000));
        world.work().await;
        let latest_sync = sync(&world).await;
        let mut transaction = test.store.transaction().await.unwrap();
        let now = world.now();
        assert_eq!(transaction.records().drop_old_history(kept, now, 1).await.unwrap(), 3, "one of each kind");
        assert_eq!(transaction.records().drop_old_history(kept, now, 100).await.unwrap(), 2, "the others");
        assert_eq!(transaction.records().drop_old_history(kept, now, 100).await.unwrap(), 0);
        transaction.commit().await.unwrap();
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap().len(), 1);
        assert_eq!(
            reader.records().uptime(ConnectionId(1), now - DAY * 2, now).await.unwrap().passed,
            3,
            "hours are kept for longer"
        );
        let syncs = reader.records().sync_runs(None, 10).await.unwrap();
        assert_eq!(syncs.iter().map(|run| run.id).collect::<Vec<_>>(), [latest_sync]);
    }
}

/// A run of Sync Connection that begins now.
async fn sync(world: &SchedulerNode) -> SyncRunId {
    let mut transaction = world.store.transaction().await.unwrap();
    let run = transaction.records().begin_sync(&new_sync(), DAY).await.unwrap();
    transaction.commit().await.unwrap();
    run
}
