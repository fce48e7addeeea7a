//! A day with very many changes. The bench `findings` measures the memory of a snapshot with 1,000,000.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;
use soar_host::Host;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::operations::DeliveryToMake;
use soar_host::settings::HostSettings;
use soar_store::model::{FindingSequence, SnapshotStatus};
use tokio::sync::watch;

use super::delivery::{Receiver, until};
use super::world::{FindingsWorld, host};
use crate::rules::world as rules;

/// Findings on one device.
const PER_DEVICE: u64 = 100;

#[tokio::test]
async fn a_day_of_very_many_changes_is_logged_whole_and_delivered_and_rules_keep_to_their_limit() {
    let changes = std::env::var("FOOTPRINT_CHANGES_OF_A_DAY").map_or(4_000, |text| text.parse().unwrap());
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        let then = json!({ "incident": { "onePer": "device", "alertTo": ["soc@example.com"] } });
        rules::add(&world, &json!({ "name": "Devices", "mostPerCollection": 7, "then": then })).await;
        let wanted =
            DeliveryToMake { destination: "webhook:siem".to_owned(), format: None, after: Some(FindingSequence(last)) };
        world.operations().create_finding_delivery(&world.context, &wanted).await.unwrap();

        for number in 0..changes {
            world.lister.set("1", 2 + number / PER_DEVICE, &format!("CVE-{number}"), "open", 5.0);
        }
        let expected = i64::try_from(changes).unwrap();
        let collected = world.collect().await;
        let tenant = &collected.tenants[0];
        assert_eq!((tenant.status, tenant.opened), (SnapshotStatus::Whole, expected), "{tenant:?}");

        let (mut after, mut findings) = (last, BTreeSet::new());
        loop {
            let page = world.changes(after).await;
            let Some(change) = page.last() else { break };
            assert_eq!(change.sequence.0, after + i64::try_from(page.len()).unwrap(), "the numbers have no gaps");
            after = change.sequence.0;
            findings.extend(page.into_iter().map(|change| change.finding_id));
        }
        assert_eq!((after, findings.len() as u64), (last + expected, changes));

        let made = rules::incidents(&world).await;
        assert_eq!((made.len(), made.iter().map(|whole| whole.finding_count).sum::<i64>()), (7, 700));
        let sent = rules::messages(&world).await;
        assert_eq!((sent.len(), sent[0].1.left_out), (1, expected - 700));

        let receiver = Arc::new(Receiver::default());
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let sending = Host::with_schedules(settings, executor, receiver.clone()).unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(sending.serve_findings(stopped));
        let arrived = async || {
            let deliveries = world.operations().list_finding_deliveries(&world.context).await.unwrap();
            deliveries[0].delivery.after.0
        };
        until("all changes arrive", async || arrived().await == last + expected).await;
        stop.send_replace(true);
        serving.await.unwrap();
        let taken = receiver.taken.lock().unwrap().clone();
        assert_eq!(taken.iter().map(|(_, lines)| *lines as u64).sum::<u64>(), changes, "each change once");
        assert_eq!(taken.len() as u64, changes.div_ceil(500));
    }
}
