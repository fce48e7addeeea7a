//! Due work is claimed once, and only with a free permit to run it.

use std::time::Duration;

use soar_host::scheduler::{Claim, SchedulerSettings};
use soar_store::StoreError;
use soar_store::model::{Cadence, ConnectionId, Moment};
use soar_store::testing::TestStore;

use super::world::{MINUTE, SchedulerNode, check_of, command_of};

#[tokio::test]
async fn a_check_runs_once_a_minute() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        assert_eq!(world.pass(300).await, 5);
        assert_eq!(world.checked(ConnectionId(1)), 5);
        let checks =
            test.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap();
        let between: Vec<_> = checks.windows(2).map(|pair| pair[0].due_at.milliseconds_since(pair[1].due_at)).collect();
        assert_eq!(between, [MINUTE; 4]);
    }
}

#[tokio::test]
async fn after_a_pause_a_late_check_runs_once_and_not_once_per_missed_interval() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        world.pass(60).await;
        world.clock.advance(Duration::from_secs(3600));
        assert_eq!(world.work().await, 1);
        assert_eq!(world.checked(ConnectionId(1)), 2);
        assert_eq!(world.pass(60).await, 1);
    }
}

#[tokio::test]
async fn a_changed_interval_counts_at_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let daily = Cadence::Every { interval_ms: 24 * 60 * MINUTE };
        let mut check = check_of(ConnectionId(1));
        check.cadence = daily;
        let schedule = world.create(&check).await;
        world.pass(60).await;
        assert_eq!(world.pass(3600).await, 0, "it is due once a day");
        check.cadence = Cadence::Every { interval_ms: MINUTE };
        world.change(schedule.id, &check).await;
        assert_eq!(world.pass(60).await, 1);
        assert_eq!(world.pass(60).await, 1);
    }
}

#[tokio::test]
async fn a_check_made_inactive_stops_at_once_even_when_it_is_due_already() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        let schedule = world.create(&check).await;
        world.clock.advance(Duration::from_secs(60));
        check.active = false;
        world.change(schedule.id, &check).await;
        assert_eq!(world.work().await, 0);
        assert_eq!(world.pass(120).await, 0);
        assert_eq!(world.checked(ConnectionId(1)), 0);
        check.active = true;
        world.change(schedule.id, &check).await;
        assert_eq!(world.pass(60).await, 1, "and it starts again");
    }
}

#[tokio::test]
async fn a_host_claims_what_it_has_places_for_and_leaves_the_rest_to_others() {
    for test in TestStore::on_both().await {
        let here = SchedulerNode::new(&test.store);
        let there = here.beside();
        let places = SchedulerSettings::default().at_once;
        let all = i64::try_from(places).unwrap() + 20;
        for connection in 1..=all {
            here.create(&check_of(ConnectionId(connection))).await;
        }
        here.clock.advance(Duration::from_secs(60));
        let look = here.scheduler.look().await.unwrap();
        assert_eq!((look.claims.len(), look.is_full, here.scheduler.in_hand()), (places, true, places));
        let mut due: Vec<_> = look.claims.iter().map(|claim| claim.item().due_at).collect();
        assert!(due.is_sorted(), "the longest due first");
        assert!(here.claim().await.is_empty(), "no place is free");
        let backlog = async || test.store.reader().await.unwrap().records().backlog().await.unwrap();
        let before = here.store.reader().await.unwrap().records().backlog().await.unwrap();
        assert_eq!((before.waiting, before.claimed), (20, places as i64));
        assert!(before.lag > Duration::ZERO);
        let rest = there.claim().await;
        due.extend(rest.iter().map(|claim| claim.item().due_at));
        assert_eq!((rest.len(), due.is_sorted()), (20, true));
        for claim in look.claims {
            assert!(here.scheduler.run(claim).await);
        }
        for claim in rest {
            assert!(there.scheduler.run(claim).await);
        }
        assert_eq!((backlog().await.waiting, backlog().await.claimed), (0, 0));
        assert_eq!(here.scheduler.in_hand(), 0);
    }
}

#[tokio::test]
async fn two_hosts_that_look_at_once_claim_each_due_time_once() {
    for test in TestStore::on_both().await {
        let here = SchedulerNode::new(&test.store);
        let there = here.beside();
        for connection in 1..=300 {
            here.create(&check_of(ConnectionId(connection))).await;
        }
        here.clock.advance(Duration::from_secs(60));
        let mut items = Vec::new();
        while items.len() < 300 {
            let (one, other) = tokio::join!(here.claim(), there.claim());
            assert!(one.len() + other.len() > 0, "what one passes over it finds at its next look");
            items.extend(one.iter().chain(&other).map(Claim::item));
            for claim in one {
                assert!(here.scheduler.run(claim).await);
            }
            for claim in other {
                assert!(there.scheduler.run(claim).await);
            }
        }
        items.sort_unstable();
        items.dedup();
        assert_eq!(items.len(), 300);
        for connection in 1..=300 {
            assert_eq!(here.checked(ConnectionId(connection)) + there.checked(ConnectionId(connection)), 1);
        }
    }
}

#[tokio::test]
async fn a_check_that_is_still_under_way_is_not_started_beside_itself_and_then_runs_once_for_what_it_missed() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let other = world.beside();
        world.create(&check_of(ConnectionId(1))).await;
        world.clock.advance(Duration::from_secs(60));
        let slow = world.claim().await.remove(0);
        let due_at = slow.item().due_at;
        for _ in 0..3 {
            world.clock.advance(Duration::from_secs(60));
            world.scheduler.renew().await.unwrap();
            assert!(world.claim().await.is_empty() && other.claim().await.is_empty());
        }
        assert!(world.scheduler.run(slow).await);
        let mut missed = world.claim().await;
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].item().due_at, Moment(due_at.0 + MINUTE), "the first that it missed");
        assert!(world.scheduler.run(missed.remove(0)).await);
        assert!(world.claim().await.is_empty(), "and not the others");
    }
}

#[tokio::test]
async fn a_connector_that_panics_has_failed_and_runs_again() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        check.server = "panic".to_owned();
        world.create(&check).await;
        assert_eq!(world.pass(120).await, 2);
        let checks =
            test.store.reader().await.unwrap().records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap();
        assert!(checks[0].detail.as_deref().unwrap().contains("panicked"), "{checks:?}");
    }
}

#[tokio::test]
async fn a_command_runs_by_its_cron_expression_in_the_sites_time_zone() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut nightly = command_of(ConnectionId(1), "Nightly", &site);
        nightly.cadence = Cadence::Cron { expression: "30 2 * * *".into(), time_zone: site.time_zone.clone() };
        let schedule = world.create(&nightly).await;
        let due = jiff::Timestamp::from_millisecond(schedule.next_due_at.0).unwrap().in_tz(&site.time_zone).unwrap();
        assert_eq!(due.strftime("%H:%M:%S").to_string(), "02:30:00");
        let wait = schedule.next_due_at.since(world.now());
        world.clock.advance(wait - Duration::from_millis(1));
        assert_eq!(world.work().await, 0);
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(world.work().await, 1);
        assert_eq!(*world.runs.ran.lock().unwrap(), ["Nightly"]);
    }
}

#[tokio::test]
async fn a_site_has_one_schedule_of_a_name_and_a_connection_one_health_check() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let (one, other) = (world.site("One").await, world.site("Other").await);
        world.create(&command_of(ConnectionId(1), "Nightly", &one)).await;
        world.create(&command_of(ConnectionId(1), "Nightly", &other)).await;
        world.create(&check_of(ConnectionId(1))).await;
        for again in [command_of(ConnectionId(2), "NIGHTLY", &one), check_of(ConnectionId(1))] {
            let mut transaction = test.store.transaction().await.unwrap();
            let refused = transaction.records().create_schedule(&again).await;
            assert!(matches!(refused, Err(StoreError::Duplicate { what: "schedule", .. })), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_deleted_schedule_leaves_nothing_to_run() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let schedule = world.create(&check_of(ConnectionId(1))).await;
        world.clock.advance(Duration::from_secs(60));
        let claim = world.claim().await.remove(0);
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().delete_schedules_of(ConnectionId(1)).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(!world.scheduler.run(claim).await, "its result is not kept");
        assert_eq!(world.pass(120).await, 0);
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().backlog().await.unwrap(), Default::default());
        assert!(reader.records().checks(ConnectionId(1), Moment::MAX, 10).await.unwrap().is_empty());
        assert!(matches!(reader.records().schedule(schedule.id).await, Err(StoreError::NotFound { .. })));
    }
}

#[tokio::test]
async fn a_run_that_is_asked_for_takes_no_due_times_place() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut command = command_of(ConnectionId(1), "Often", &site);
        command.cadence = Cadence::Every { interval_ms: 600 * MINUTE };
        let made = world.create(&command).await;
        let announced = made.next_due_at;
        assert!((1..=MINUTE).contains(&announced.milliseconds_since(world.now())), "{announced}");
        let ask = async || {
            let mut transaction = world.store.transaction().await.unwrap();
            transaction.records().run_soon(made.id).await.unwrap();
            transaction.records().run_soon(made.id).await.unwrap();
            transaction.commit().await.unwrap();
        };
        let schedule = async || test.store.reader().await.unwrap().records().schedule(made.id).await.unwrap();
        let asked_at = world.now();
        ask().await;
        assert_eq!(schedule().await.run_soon_at, Some(asked_at));
        assert_eq!((world.work().await, world.work().await), (1, 0));
        assert_eq!((schedule().await.next_due_at, schedule().await.run_soon_at), (announced, None));
        world.clock.advance(announced.since(world.now()));
        assert_eq!((world.work().await, world.work().await), (1, 0));
        assert_eq!(schedule().await.next_due_at, announced + Duration::from_secs(600 * 60));
        world.clock.advance(Duration::from_secs(600 * 60));
        assert_eq!(world.work().await, 1);

        // No host runs for a while.
        let asked_again_at = world.now() + Duration::from_secs(1);
        world.clock.advance(Duration::from_secs(1));
        ask().await;
        world.clock.advance(Duration::from_secs(605 * 60));
        assert_eq!((world.work().await, world.work().await, world.work().await), (1, 1, 0));
        let runs = test.store.reader().await.unwrap().records().schedule_runs(made.id, None, 10).await.unwrap();
        let mut due: Vec<_> = runs.iter().map(|run| run.due_at).collect();
        due.reverse();
        let interval = Duration::from_secs(600 * 60);
        assert_eq!(due, [asked_at, announced, announced + interval, asked_again_at, announced + interval * 2]);
        // A schedule that was stopped meanwhile does not run when it is activated.
        ask().await;
        command.active = false;
        assert_eq!(world.change(made.id, &command).await.run_soon_at, None);
        command.active = true;
        world.change(made.id, &command).await;
        assert_eq!(world.work().await, 0);
    }
}
