//! Wrong clocks, and unknown time zones.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use soar_connector::testing::ManualClock;
use soar_host::EvenClock;
use soar_host::scheduler::{Scheduler, SchedulerSettings};
use soar_store::model::{Cadence, ConnectionId, HealthState, Moment, ScheduleKind, ScheduleRunStatus};
use soar_store::testing::TestStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use sqlx_postgres::PgConnection;
use sqlx_sqlite::SqliteConnection;

use super::world::{Delivered, MINUTE, Runs, SchedulerNode, check_of, command_of};

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Runs SQL on a store beside the host.
pub async fn execute(address: &str, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    if address.starts_with("postgres") {
        PgConnection::connect(address).await?.execute(sql).await?;
    } else {
        SqliteConnection::connect(address).await?.execute(sql).await?;
    }
    Ok(())
}

fn nightly() -> Cadence {
    Cadence::Cron { expression: "30 2 * * *".to_owned(), time_zone: "UTC".to_owned() }
}

#[tokio::test]
async fn due_times_that_a_clock_a_year_ahead_left_behind_are_not_believed() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let check = world.create(&check_of(ConnectionId(1))).await;
        let mut command = command_of(ConnectionId(1), "Nightly", &site);
        command.cadence = nightly();
        let command = world.create(&command).await;
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        assert_eq!(ahead.work().await, 2);
        assert_eq!(world.scheduler.correct_times().await.unwrap(), 2);
        assert_eq!(world.scheduler.correct_times().await.unwrap(), 0);
        let mut reader = test.store.reader().await.unwrap();
        let next = reader.records().schedule(check.id).await.unwrap().next_due_at.milliseconds_since(world.now());
        assert!((1..=MINUTE).contains(&next), "{next}");
        assert_eq!(reader.records().schedule(command.id).await.unwrap().next_due_at, command.next_due_at);
        assert_eq!(world.pass(60).await, 1);
    }
}

#[tokio::test]
async fn a_lease_that_a_clock_a_year_ahead_left_behind_ends_in_time() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        // It dies before it runs what it claimed.
        assert_eq!(ahead.claim().await.len(), 1);
        assert_eq!(world.pass(14).await, 0, "a holder that lives could still renew it");
        assert_eq!(world.pass(4).await, 1);
    }
}

#[tokio::test]
async fn a_host_whose_clock_is_wrong_runs_in_time_what_is_due_by_the_databases_clock() {
    for clock in [SystemTime::now() + Duration::from_secs(60), SystemTime::now() - YEAR] {
        for test in TestStore::on_both().await {
            let mut transaction = test.store.transaction().await.unwrap();
            let made = transaction.records().create_schedule(&check_of(ConnectionId(1))).await.unwrap();
            transaction.records().run_soon(made.id).await.unwrap();
            transaction.commit().await.unwrap();
            let clock = Arc::new(ManualClock::held_at(clock));
            let (courier, rules) = (Arc::new(Delivered::default()), SchedulerSettings::default());
            let wrong = Scheduler::new(test.store.clone(), clock, Arc::new(Runs::default()), courier, rules);
            let claim = wrong.look().await.unwrap().claims.remove(0);
            let due_at = claim.item().due_at;
            assert!(
                SchedulerNode::at(&test.store, SystemTime::now()).claim().await.is_empty(),
                "its lease counts for others"
            );
            assert!(wrong.run(claim).await);
            let mut reader = test.store.reader().await.unwrap();
            let checks = reader.records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap();
            assert_eq!((checks.len(), checks[0].due_at), (1, due_at));
            let late = checks[0].started_at.milliseconds_since(due_at);
            assert!((0..30_000).contains(&late), "all times are of one clock: {late}");
            let next = reader.records().schedule(made.id).await.unwrap().next_due_at.milliseconds_since(due_at);
            assert!((1..=2 * MINUTE).contains(&next), "{next}");
        }
    }
}

#[tokio::test]
async fn a_schedule_whose_time_zone_is_not_there_fails_is_told_and_is_tried_again() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut command = command_of(ConnectionId(1), "Nightly", &site);
        command.cadence = nightly();
        let schedule = world.create(&command).await;
        let zone = async |name: &str| {
            execute(&test.address, &format!("UPDATE schedules SET time_zone = '{name}'")).await.unwrap();
        };
        zone("Mars/Olympus").await;
        world.clock.advance(schedule.next_due_at.since(world.now()));
        assert_eq!(world.work().await, 0);
        world.pass(120).await;
        let log = async || {
            let mut reader = test.store.reader().await.unwrap();
            reader.records().schedule_runs(schedule.id, None, 10).await.unwrap()
        };
        let runs = log().await;
        assert_eq!((runs.len(), runs[0].status), (1, ScheduleRunStatus::Failed));
        assert!(runs[0].error.as_deref().unwrap().contains("There is no time zone \"Mars/Olympus\""), "{runs:?}");
        let health = test.store.reader().await.unwrap().records().health_of(schedule.id).await.unwrap().unwrap();
        assert_eq!(health.state, HealthState::Failing);
        assert_eq!(world.delivered.subjects(), ["Schedule Nightly fails"]);
        zone("UTC").await;
        assert_eq!(world.pass(600).await, 1, "what was due runs once");
        assert_eq!(log().await[0].status, ScheduleRunStatus::Successful);
        let next = test.store.reader().await.unwrap().records().schedule(schedule.id).await.unwrap().next_due_at;
        assert_eq!(next, Moment(schedule.next_due_at.0 + 24 * 60 * MINUTE));
    }
}

#[tokio::test]
async fn a_schedule_that_an_earlier_version_ended_for_ever_comes_again() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut command = command_of(ConnectionId(1), "Nightly", &site);
        command.cadence = nightly();
        let schedule = world.create(&command).await;
        execute(&test.address, &format!("UPDATE schedules SET next_due_at = {}", i64::MAX)).await.unwrap();
        assert_eq!(world.scheduler.correct_times().await.unwrap(), 1);
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().schedule(schedule.id).await.unwrap().next_due_at, schedule.next_due_at);
    }
}

#[tokio::test]
async fn a_pass_of_two_intervals_ago_or_from_a_clock_that_was_ahead_is_shown_as_stale_everywhere() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let check = world.create(&check_of(ConnectionId(1))).await;
        let shown = async || {
            let mut reader = world.store.reader().await.unwrap();
            let mut records = reader.records();
            let table = records.health_table(ScheduleKind::HealthCheck).await.unwrap();
            let one = records.health_now(&check).await.unwrap();
            let counts = records.health_counts().await.unwrap();
            let counted = counts.into_iter().find(|(_, count)| *count == 1).unwrap().0;
            let of_table = table[0].1.as_ref().map_or(HealthState::Unknown, |health| health.state);
            assert_eq!(of_table, one.map_or(HealthState::Unknown, |health| health.state));
            assert_eq!(of_table, counted);
            counted
        };
        assert_eq!(shown().await, HealthState::Unknown);
        world.pass(60).await;
        assert_eq!(shown().await, HealthState::Healthy);
        world.clock.advance(Duration::from_secs(180));
        assert_eq!(shown().await, HealthState::Stale, "no check ran for two intervals");
        world.work().await;
        assert_eq!(shown().await, HealthState::Healthy);
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        assert_eq!(ahead.work().await, 1);
        assert_eq!(shown().await, HealthState::Stale, "its time is still to come");
        world.scheduler.correct_times().await.unwrap();
        assert_eq!(world.pass(60).await, 1, "the due time that was run too early comes again");
        assert_eq!(shown().await, HealthState::Healthy);
        let checks =
            test.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap();
        assert_eq!(checks.len(), 4, "both results are in the history");
        world.fail([1]);
        world.pass(60).await;
        world.clock.advance(YEAR);
        assert_eq!(shown().await, HealthState::Failing, "an outage is not made less of");
    }
}

#[tokio::test]
async fn alerts_that_a_clock_a_year_ahead_left_behind_are_told_now() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        check.alert_after = 1;
        world.create(&check).await;
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        ahead.fail([1]);
        assert_eq!(ahead.work().await, 1);
        world.fail([1]);
        world.pass(62).await;
        assert!(world.delivered.subjects().is_empty(), "the alert is of next year");
        assert_eq!(world.scheduler.correct_times().await.unwrap(), 2, "the due time and the alert");
        world.pass(62).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails"]);

        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        *ahead.delivered.broken.lock().unwrap() = true;
        ahead.pass(180).await;
        let waiting = test.store.reader().await.unwrap().records().waiting_messages(10).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].attempts > 0), (1, true), "the recovery");
        world.heal();
        world.pass(2).await;
        assert_eq!(world.delivered.subjects().len(), 1);
        world.scheduler.correct_times().await.unwrap();
        world.pass(2).await;
        assert_eq!(world.delivered.subjects()[1..], ["Connection Production 1 recovered"]);
    }
}

#[tokio::test]
async fn a_message_that_a_clock_minutes_ahead_left_behind_waits_no_longer_than_a_pause() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        check.alert_after = 1;
        world.create(&check).await;
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + Duration::from_secs(600));
        ahead.fail([1]);
        *ahead.delivered.broken.lock().unwrap() = true;
        ahead.work().await;
        ahead.pass(62).await;
        let waiting = async || test.store.reader().await.unwrap().records().waiting_messages(10).await.unwrap();
        let [message] = waiting().await.try_into().unwrap();
        assert!(message.attempts > 0 && message.next_attempt_at > world.now() + Duration::from_secs(590));
        world.scheduler.correct_times().await.unwrap();
        assert_eq!(waiting().await[0].created_at, world.now(), "it has not waited for less than no time");
        world.pass(2).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails"]);
        // An intended pause stays.
        *world.delivered.broken.lock().unwrap() = true;
        world.pass(61).await;
        let [message] = waiting().await.try_into().unwrap();
        world.scheduler.correct_times().await.unwrap();
        assert_eq!(waiting().await[0].next_attempt_at, message.next_attempt_at);
    }
}

#[tokio::test]
async fn a_clock_a_year_ahead_for_a_while_makes_nothing_old_enough_to_be_deleted() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        assert_eq!(world.pass(60).await, 1);
        let checks = async || {
            test.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap().len()
        };
        let ahead = SchedulerNode::at(&test.store, SystemTime::now() + YEAR);
        let mut clock = EvenClock::default();
        for _ in 0..10 {
            ahead.scheduler.housekeep(&mut clock).await.unwrap();
            ahead.clock.advance(Duration::from_secs(60));
        }
        assert_eq!(checks().await, 1);
        // A clock that goes on so for long is right.
        ahead.scheduler.housekeep(&mut clock).await.unwrap();
        assert_eq!(checks().await, 0);
    }
}
