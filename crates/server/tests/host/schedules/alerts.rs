//! Alerts: few messages, and none lost.

use std::time::Duration;

use soar_host::alerts::Rendered as _;
use soar_store::testing::TestStore;

use super::world::{SchedulerNode, check_of, command_of};
use soar_store::model::{ConnectionId, HealthState, Message, MessageBody, MessageContent};

/// The content of a message about connections or schedules.
fn health(message: &Message) -> &MessageContent {
    match &message.content {
        MessageBody::Health(content) => content,
        MessageBody::Findings(content) => panic!("{content:?}"),
    }
}

#[tokio::test]
async fn three_failures_in_a_row_are_told_once_and_the_recovery_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        world.pass(120).await;
        world.fail([1]);
        world.pass(120).await;
        assert!(world.delivered.subjects().is_empty(), "two failures are not three");
        world.pass(600).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails"]);
        world.heal();
        world.pass(600).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails", "Connection Production 1 recovered"]);
        let messages = world.delivered.messages.lock().unwrap();
        assert!(health(&messages[0]).items[0].detail.contains("Status Code: 503."));
        assert_ne!(messages[0].id, messages[1].id);
    }
}

#[tokio::test]
async fn a_flapping_connection_is_one_message() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        for _ in 0..10 {
            world.pass(60).await;
            world.fail([1]);
            world.pass(60).await;
            world.heal();
        }
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 keeps passing and failing"]);
    }
}

#[tokio::test]
async fn an_outage_of_five_minutes_over_a_thousand_connections_is_one_digest_and_one_recovery() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut transaction = world.store.transaction().await.unwrap();
        for connection in 1..=1000 {
            transaction.records().create_schedule(&check_of(ConnectionId(connection))).await.unwrap();
        }
        transaction.commit().await.unwrap();
        assert_eq!(world.pass(60).await, 1000);
        world.fail(1..=1000);
        assert_eq!(world.pass(300).await, 5000);
        world.heal();
        world.pass(180).await;
        assert_eq!(
            world.delivered.subjects(),
            [
                "1000 connections of https://footprint.example.com fail",
                "1000 connections of https://footprint.example.com recovered"
            ]
        );
        world.clock.advance(Duration::from_secs(3600));
        world.pass(60).await;
        assert_eq!(world.delivered.subjects().len(), 2, "and nothing comes after");
    }
}

#[tokio::test]
async fn those_that_join_an_outage_later_are_told_later_and_other_destinations_hear_of_their_own_only() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        world.create(&check_of(ConnectionId(2))).await;
        let mut other = check_of(ConnectionId(3));
        other.alert_to = vec!["other@example.com".parse().unwrap(), "webhook:operations".parse().unwrap()];
        world.create(&other).await;
        world.fail([1]);
        world.pass(300).await;
        world.fail([2, 3]);
        world.pass(300).await;
        let told = |destination: &str| -> Vec<String> {
            let messages = world.delivered.messages.lock().unwrap();
            let of = messages.iter().filter(|message| message.destination.to_string() == destination);
            of.map(|message| message.content.subject()).collect()
        };
        assert_eq!(told("soc@example.com"), ["Connection Production 1 fails"]);
        assert_eq!(told("other@example.com"), ["Connection Production 3 fails"]);
        assert_eq!(told("webhook:operations"), ["Connection Production 3 fails"]);
        world.pass(900).await;
        assert_eq!(told("soc@example.com"), ["Connection Production 1 fails", "Connection Production 2 fails"]);
    }
}

#[tokio::test]
async fn a_message_that_does_not_arrive_is_kept_and_tried_again_under_the_same_id() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        check.alert_after = 1;
        world.create(&check).await;
        world.fail([1]);
        *world.delivered.broken.lock().unwrap() = true;
        world.pass(200).await;
        let waiting = test.store.reader().await.unwrap().records().waiting_messages(10).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].attempts >= 2, "{waiting:?}");
        assert_eq!(waiting[0].last_error.as_deref(), Some("The mail server did not accept the mail: it is away."));
        // Another process delivers it, as after a crash.
        let other = world.beside();
        other.fail([1]);
        other.pass(120).await;
        assert_eq!(other.delivered.subjects(), ["Connection Production 1 fails"]);
        assert_eq!(other.delivered.messages.lock().unwrap()[0].id, waiting[0].id);
        assert!(test.store.reader().await.unwrap().records().waiting_messages(10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn two_nodes_that_tell_at_once_tell_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let other = world.beside();
        for connection in 1..=50 {
            let mut check = check_of(ConnectionId(connection));
            check.alert_after = 1;
            world.create(&check).await;
        }
        world.fail(1..=50);
        world.clock.advance(Duration::from_secs(60));
        world.work().await;
        world.clock.advance(Duration::from_secs(61));
        let (one, two) = tokio::join!(world.scheduler.tell(), other.scheduler.tell());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        let (one, two) = tokio::join!(world.scheduler.deliver(), other.scheduler.deliver());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_is_made_inactive_while_it_fails_is_told_no_more_and_starts_afresh() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        let schedule = world.create(&check).await;
        world.fail([1]);
        world.pass(300).await;
        assert_eq!(world.delivered.subjects().len(), 1);
        check.active = false;
        world.change(schedule.id, &check).await;
        world.pass(60).await;
        check.active = true;
        world.change(schedule.id, &check).await;
        world.pass(300).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails", "Connection Production 1 fails"]);
    }
}

#[tokio::test]
async fn a_failed_command_is_told_at_its_first_failure() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        world.create(&command_of(ConnectionId(1), "Nightly", &site)).await;
        world.fail([1]);
        world.pass(130).await;
        world.heal();
        world.pass(60).await;
        assert_eq!(world.delivered.subjects(), ["Schedule Nightly fails", "Schedule Nightly recovered"]);
        assert_eq!(health(&world.delivered.messages.lock().unwrap()[0]).items[0].site, "Security Operations");
    }
}

#[tokio::test]
async fn an_outage_is_told_at_once_though_flapping_was_told_before_and_its_recovery_once() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        world.create(&check_of(ConnectionId(1))).await;
        for mark in ".F.F.F.F.FFF".chars() {
            if mark == 'F' {
                world.fail([1])
            } else {
                world.heal()
            }
            world.pass(60).await;
        }
        let flapping = "Connection Production 1 keeps passing and failing";
        world.pass(2).await;
        assert_eq!(world.delivered.subjects(), [flapping, "Connection Production 1 fails"]);
        world.pass(3600).await;
        assert_eq!(world.delivered.subjects().len(), 2, "nothing is told twice");
        world.heal();
        world.pass(1800).await;
        let told = world.delivered.subjects();
        assert_eq!(told[2..], ["Connection Production 1 recovered"]);
    }
}

#[tokio::test]
async fn a_schedule_that_fails_does_not_delay_the_outage_of_its_server() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let site = world.site("Security Operations").await;
        world.create(&command_of(ConnectionId(2), "Nightly", &site)).await;
        world.create(&check_of(ConnectionId(1))).await;
        world.fail([2]);
        world.pass(180).await;
        assert_eq!(world.delivered.subjects(), ["Schedule Nightly fails"]);
        world.fail([1]);
        world.pass(180 + 62).await;
        assert_eq!(world.delivered.subjects(), ["Schedule Nightly fails", "Connection Production 1 fails"]);
        world.heal();
        world.pass(180).await;
        let mut told = world.delivered.subjects().split_off(2);
        told.sort_unstable();
        assert_eq!(told, ["Connection Production 1 recovered", "Schedule Nightly recovered"]);
    }
}

#[tokio::test]
async fn an_outage_that_grows_beyond_what_was_told_is_told_soon() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        for connection in 1..=9 {
            world.create(&check_of(ConnectionId(connection))).await;
        }
        world.fail([1]);
        world.pass(300).await;
        assert_eq!(world.delivered.subjects(), ["Connection Production 1 fails"], "one has a wrong password");
        world.fail(2..=9);
        world.pass(180 + 62).await;
        assert_eq!(
            world.delivered.subjects(),
            ["Connection Production 1 fails", "8 connections of https://footprint.example.com fail"]
        );
    }
}

#[tokio::test]
async fn the_state_is_healthy_from_the_transaction_on_that_tells_the_recovery() {
    for test in TestStore::on_both().await {
        let world = SchedulerNode::new(&test.store);
        let mut check = check_of(ConnectionId(1));
        check.recover_after = 3;
        let schedule = world.create(&check).await;
        world.fail([1]);
        world.pass(300).await;
        world.heal();
        let now = async || {
            let mut reader = test.store.reader().await.unwrap();
            let health = reader.records().health_of(schedule.id).await.unwrap().unwrap();
            let open = reader.records().alert_groups().await.unwrap().first().is_none_or(|group| group.open > 0);
            (health.state, health.successes, open)
        };
        let mut seen = Vec::new();
        for _ in 0..300 {
            world.clock.advance(Duration::from_secs(1));
            if world.work().await == 1 {
                seen.push(now().await);
            }
        }
        assert_eq!(
            seen[..3],
            [(HealthState::Recovering, 1, true), (HealthState::Recovering, 2, true), (HealthState::Healthy, 3, false)]
        );
        world.pass(2).await;
        assert_eq!(world.delivered.subjects()[1..], ["Connection Production 1 recovered"]);
    }
}
