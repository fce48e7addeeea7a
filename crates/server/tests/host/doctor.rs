//! `footprint doctor` finds deliveries that have failed for an hour.

use std::sync::Arc;
use std::time::Duration;

use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::alerts::AlertSettings;
use soar_host::doctor::{DoctorFinding, Examined, examine};
use soar_host::operations::DeliveryToMake;
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::Store;
use soar_store::model::{ConnectionId, Moment};
use soar_store::testing::TestStore;

use crate::findings::world::FindingsWorld;
use crate::schedules::clocks::execute;
use crate::schedules::world::{SchedulerNode, check_of};

/// The findings about deliveries of a store.
async fn stuck(store: &Store) -> Vec<DoctorFinding> {
    let instance = Examined {
        store: store.clone(),
        settings: HostSettings::default(),
        alerts: AlertSettings::default(),
        keyring: Ok(Keyring::generate().unwrap()),
        vault: Vault::new(VaultSettings::default()),
        registry: PluginRegistry::new(Vec::new(), &[]).unwrap(),
    };
    examine(&instance).await.into_iter().filter(|finding| finding.check == "deliveries").collect()
}

#[tokio::test]
async fn alerts_that_fail_for_an_hour_are_found_by_their_destination() {
    for test in TestStore::on_both().await {
        let node = SchedulerNode::new(&test.store);
        for connection in 1..=2 {
            let mut check = check_of(ConnectionId(connection));
            check.alert_after = 1;
            check.server = format!("https://footprint-{connection}.example.com");
            node.create(&check).await;
        }
        let mut elsewhere = check_of(ConnectionId(3));
        elsewhere.alert_after = 1;
        elsewhere.alert_to = vec!["webhook:operations".parse().unwrap()];
        node.create(&elsewhere).await;
        node.fail([1, 2, 3]);
        *node.delivered.broken.lock().unwrap() = true;
        node.pass(200).await;
        assert!(stuck(&node.store).await.is_empty(), "an hour is not over");
        node.clock.advance(Duration::from_secs(60 * 60));
        // An alert that was not tried yet counts too.
        let untried = "UPDATE messages SET attempts = 0, last_error = NULL WHERE id = (SELECT MAX(id) FROM messages \
                       WHERE destination = 'soc@example.com')";
        execute(&test.address, untried).await.unwrap();
        let mut found = stuck(&node.store).await;
        found.sort_by(|one, other| one.place.cmp(&other.place));
        let told: Vec<_> = found.iter().map(|one| (one.place.as_str(), one.problem.as_str())).collect();
        let [(mail, of_mail), (webhook, of_webhook)] = told.try_into().unwrap();
        assert_eq!((mail, webhook), ("alerts to soc@example.com", "alerts to webhook:operations"));
        assert!(of_mail.starts_with("Undelivered alerts: 2. Attempts have failed since "), "{of_mail}");
        assert!(of_webhook.starts_with("Undelivered alerts: 1. Attempts have failed since "), "{of_webhook}");
        assert!(of_webhook.ends_with("The mail server did not accept the mail: it is away."), "{of_webhook}");
        assert!(found[0].cure.contains("footprint alert waiting"), "{found:?}");
        // As after an hour in which no host ran, and one failed attempt.
        let next_at = (Moment::from(node.clock.now()) + Duration::from_secs(15)).0;
        let once = format!("UPDATE messages SET attempts = 1, next_attempt_at = {next_at}");
        execute(&test.address, &once).await.unwrap();
        assert!(stuck(&node.store).await.is_empty(), "they failed once, just now");
        *node.delivered.broken.lock().unwrap() = false;
        node.pass(20).await;
        assert!(stuck(&node.store).await.is_empty(), "all are delivered");
    }
}

#[tokio::test]
async fn a_delivery_of_findings_that_fails_for_an_hour_is_found() {
    for test in TestStore::on_both().await {
        let clock = ManualClock::held();
        let world = FindingsWorld::new(test.on_clock(Arc::new(clock.clone()))).await;
        let wanted = DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: None };
        world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap();
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let store = &world.test.store;
        // The pauses of eight attempts are 3,825 seconds.
        for attempt in 0..8_u32 {
            assert!(stuck(store).await.is_empty(), "before attempt {attempt}");
            let mut transaction = store.transaction().await.unwrap();
            let mut records = transaction.records();
            let claimed = records.claim_finding_delivery("node", Duration::from_secs(60)).await.unwrap().unwrap();
            let pause = Duration::from_secs(15 << attempt);
            records.finding_batch_failed(claimed.id, "node", "It answered with status 503.", pause).await.unwrap();
            transaction.commit().await.unwrap();
            clock.advance(pause);
        }
        let [found] = stuck(store).await.try_into().unwrap();
        assert_eq!(found.place, "delivery 1 to webhook:siem");
        let problem = &found.problem;
        assert!(problem.starts_with("The changes of findings after 0 have not arrived since "), "{problem}");
        assert!(problem.ends_with("8 attempts failed, the last one: It answered with status 503."), "{problem}");
        assert!(found.cure.contains("footprint findings delivery remove 1"), "{found:?}");
    }
}
