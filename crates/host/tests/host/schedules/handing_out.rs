//! What is due is handed out once.

use std::time::Duration;

use soar_store::StoreError;
use soar_store::model::{Cadence, Moment};
use soar_store::testing::TestStore;

use super::world::{MINUTE, World, check_of, command_of};

#[tokio::test]
async fn a_check_runs_once_a_minute() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        world.create(&check_of(1)).await;
        assert_eq!(world.pass(300).await, 5);
        assert_eq!(world.checked(1), 5);
        let checks = test.store.reader().await.unwrap().records().checks(1, Moment::MAX, 10).await.unwrap();
        let between: Vec<_> = checks.windows(2).map(|pair| pair[0].due_at.milliseconds_since(pair[1].due_at)).collect();
        assert_eq!(between, [MINUTE; 4]);
    }
}

#[tokio::test]
async fn after_a_pause_a_late_check_runs_once_and_not_once_per_missed_interval() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        world.create(&check_of(1)).await;
        world.pass(60).await;
        world.clock.advance(Duration::from_secs(3600));
        assert_eq!(world.work().await, 1);
        assert_eq!(world.checked(1), 2);
        assert_eq!(world.pass(60).await, 1);
    }
}

#[tokio::test]
async fn a_changed_interval_counts_at_once() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let daily = Cadence::Every { interval_ms: 24 * 60 * MINUTE };
        let mut check = check_of(1);
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
async fn a_check_made_inactive_stops_at_once_even_when_it_is_handed_out_already() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let mut check = check_of(1);
        let schedule = world.create(&check).await;
        world.clock.advance(Duration::from_secs(60));
        world.scheduler.hand_out().await.unwrap();
        let items = world.queue.drain().await;
        assert_eq!(items.len(), 1);
        check.active = false;
        world.change(schedule.id, &check).await;
        assert!(!world.scheduler.take(items[0]).await.unwrap());
        assert_eq!(world.pass(120).await, 0);
        assert_eq!(world.checked(1), 0);
        check.active = true;
        world.change(schedule.id, &check).await;
        assert_eq!(world.pass(60).await, 1, "and it starts again");
    }
}

#[tokio::test]
async fn an_item_that_the_queue_brings_twice_runs_once() {
    for test in TestStore::on_both().await {
        let (here, there) = {
            let here = World::new(&test.store);
            let there = here.beside();
            (here, there)
        };
        for connection in 1..=20 {
            here.create(&check_of(connection)).await;
        }
        here.clock.advance(Duration::from_secs(60));
        here.scheduler.hand_out().await.unwrap();
        let items = here.queue.drain().await;
        assert_eq!(items.len(), 20);
        let both = items.iter().flat_map(|item| [here.scheduler.take(*item), there.scheduler.take(*item)]);
        let written = futures_util::future::join_all(both).await;
        assert_eq!(written.into_iter().filter(|written| *written.as_ref().unwrap()).count(), 20);
        for connection in 1..=20 {
            assert_eq!(here.checked(connection) + there.checked(connection), 1);
        }
        for item in items {
            assert!(!here.scheduler.take(item).await.unwrap(), "done is done");
        }
    }
}

#[tokio::test]
async fn two_nodes_that_hand_out_at_once_hand_out_each_due_time_once() {
    for test in TestStore::on_both().await {
        let here = World::new(&test.store);
        let there = here.beside();
        for connection in 1..=300 {
            here.create(&check_of(connection)).await;
        }
        here.clock.advance(Duration::from_secs(60));
        let (one, other) = tokio::join!(here.scheduler.hand_out(), there.scheduler.hand_out());
        one.unwrap();
        other.unwrap();
        let mut items = here.queue.drain().await;
        items.extend(there.queue.drain().await);
        items.sort_unstable();
        let all = items.len();
        items.dedup();
        assert_eq!((all, items.len()), (300, 300));
    }
}

#[tokio::test]
async fn a_check_that_is_still_under_way_is_not_started_beside_itself_and_then_runs_once_for_what_it_missed() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        world.create(&check_of(1)).await;
        world.clock.advance(Duration::from_secs(60));
        world.scheduler.hand_out().await.unwrap();
        let slow = world.queue.drain().await[0];
        for _ in 0..3 {
            world.clock.advance(Duration::from_secs(60));
            world.scheduler.hand_out().await.unwrap();
            assert_eq!(world.queue.drain().await.len(), 0);
        }
        assert!(world.scheduler.take(slow).await.unwrap());
        world.scheduler.hand_out().await.unwrap();
        let missed = world.queue.drain().await;
        assert_eq!(missed.len(), 1);
        assert_eq!(missed[0].due_at, Moment(slow.due_at.0 + MINUTE), "the first that it missed");
        assert!(world.scheduler.take(missed[0]).await.unwrap());
        world.scheduler.hand_out().await.unwrap();
        assert_eq!(world.queue.drain().await.len(), 0, "and not the others");
    }
}

#[tokio::test]
async fn a_connector_that_panics_has_failed_and_runs_again() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let mut check = check_of(1);
        check.server = "panic".to_owned();
        world.create(&check).await;
        assert_eq!(world.pass(120).await, 2);
        let checks = test.store.reader().await.unwrap().records().checks(1, Moment::MAX, 10).await.unwrap();
        assert!(checks[0].detail.as_deref().unwrap().contains("defect"), "{checks:?}");
    }
}

#[tokio::test]
async fn a_command_runs_by_its_cron_expression_in_the_sites_time_zone() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let site = world.site("Security Operations").await;
        let mut nightly = command_of(1, "Nightly", &site);
        nightly.cadence = Cadence::Cron { expression: "30 2 * * *".into(), time_zone: site.time_zone.clone() };
        let schedule = world.create(&nightly).await;
        let due = jiff::Timestamp::from_millisecond(schedule.next_due_at.0).unwrap().in_tz(&site.time_zone).unwrap();
        assert_eq!(due.strftime("%H:%M:%S").to_string(), "02:30:00");
        let wait = schedule.next_due_at.since(world.scheduler.now());
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
        let world = World::new(&test.store);
        let (one, other) = (world.site("One").await, world.site("Other").await);
        world.create(&command_of(1, "Nightly", &one)).await;
        world.create(&command_of(1, "Nightly", &other)).await;
        world.create(&check_of(1)).await;
        for again in [command_of(2, "NIGHTLY", &one), check_of(1)] {
            let mut transaction = test.store.transaction().await.unwrap();
            let refused = transaction.records().create_schedule(&again, Moment(1)).await;
            assert!(matches!(refused, Err(StoreError::Duplicate { what: "schedule", .. })), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_deleted_schedule_leaves_nothing_to_run() {
    for test in TestStore::on_both().await {
        let world = World::new(&test.store);
        let schedule = world.create(&check_of(1)).await;
        world.clock.advance(Duration::from_secs(60));
        world.scheduler.hand_out().await.unwrap();
        let mut transaction = test.store.transaction().await.unwrap();
        transaction.records().delete_schedules_of(1).await.unwrap();
        transaction.commit().await.unwrap();
        for item in world.queue.drain().await {
            assert!(!world.scheduler.take(item).await.unwrap());
        }
        assert_eq!(world.checked(1), 0);
        let mut reader = test.store.reader().await.unwrap();
        assert_eq!(reader.records().backlog().await.unwrap().waiting, 0);
        assert!(matches!(reader.records().schedule(schedule.id).await, Err(StoreError::NotFound { .. })));
    }
}
