//! Collections are shared among hosts, resumable, and fair.

use std::collections::BTreeSet;
use std::time::Duration;

use soar_host::findings::CollectionToMake;
use soar_store::model::SnapshotStatus;
use soar_store::{SnapshotEnd, StoreError};

use super::world::{FindingsWorld, new_connection};

#[tokio::test]
async fn several_hosts_share_a_collection_and_each_tenant_is_read_once() {
    for world in FindingsWorld::on_both().await {
        for tenant in 1..=12 {
            world.lister.set(&tenant.to_string(), 1, "CVE-1", "open", 5.0);
        }
        let made = world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        let other = world.beside().await;
        let nothing: &(dyn Fn(&[_]) + Send + Sync) = &|_| ();
        let (one, two) = tokio::join!(
            world.operations().finish_collection(made.id, nothing),
            other.finish_collection(made.id, nothing)
        );
        assert_eq!(one.unwrap().tenants, two.unwrap().tenants);
        let read = world.lister.data().read.clone();
        assert_eq!((read.len(), read.into_iter().collect::<BTreeSet<_>>().len()), (12, 12));
        // The changes of all tenants have numbers without gaps, in the order of the log.
        let numbers: Vec<_> = world.changes(0).await.iter().map(|change| change.sequence.0).collect();
        assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn tenants_of_all_connections_take_turns() {
    for world in FindingsWorld::on_both().await {
        for tenant in ["1", "2", "3"] {
            world.lister.set(tenant, 1, "CVE-1", "open", 5.0);
        }
        let mut transaction = world.test.store.transaction().await.unwrap();
        let second = new_connection("second", world.site);
        let second = transaction.records().create_connection(&second, soar_store::model::Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let made = world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        let turns: Vec<_> = made.tenants.iter().map(|one| (one.tenant.as_str(), one.connection_id)).collect();
        let (a, b) = (world.connection, second);
        assert_eq!(turns, [("1", a), ("1", b), ("2", a), ("2", b), ("3", a), ("3", b)]);
    }
}

#[tokio::test]
async fn a_stopped_collection_goes_on_and_the_former_host_is_refused() {
    for world in FindingsWorld::on_both().await {
        for tenant in ["1", "2"] {
            world.lister.set(tenant, 1, "CVE-1", "open", 5.0);
        }
        let made = world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        // A host claims a tenant and dies. Its lease has lapsed.
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let dead = records.claim_snapshot(None, "dead", Duration::ZERO).await.unwrap().unwrap();
        transaction.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(world.operations().unfinished_collection(&world.context).await.unwrap(), Some(made.id));
        let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
        assert!(ended.tenants.iter().all(|one| one.status == SnapshotStatus::Whole), "{ended:?}");
        assert_eq!(world.told(0).await, ["opened 1/1 CVE-1 baseline", "opened 2/1 CVE-1 baseline"]);
        let mut transaction = world.test.store.transaction().await.unwrap();
        let error = transaction.records().apply_finding_changes(&dead, &[]).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error}");
        assert_eq!(world.operations().unfinished_collection(&world.context).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_collection_ends_with_its_last_two_snapshots_although_they_end_at_once() {
    for world in FindingsWorld::on_both().await {
        for tenant in ["1", "2"] {
            world.lister.set(tenant, 1, "CVE-1", "open", 5.0);
        }
        world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        let lease = Duration::from_secs(60);
        let end =
            || SnapshotEnd { status: SnapshotStatus::Partial, problem: Some(String::new()), rows_read: 0, requests: 1 };
        let mut transaction = world.test.store.transaction().await.unwrap();
        let one = transaction.records().claim_snapshot(None, "one", lease).await.unwrap().unwrap();
        let other = transaction.records().claim_snapshot(None, "other", lease).await.unwrap().unwrap();
        transaction.commit().await.unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().end_snapshot(&one, &end()).await.unwrap();
        let store = world.test.store.clone();
        let ending = tokio::spawn(async move {
            let mut transaction = store.transaction().await.unwrap();
            transaction.records().end_snapshot(&other, &end()).await.unwrap();
            transaction.commit().await.unwrap();
        });
        // The second transaction reads before the first one is committed.
        tokio::time::sleep(Duration::from_millis(500)).await;
        transaction.commit().await.unwrap();
        ending.await.unwrap();
        assert_eq!(world.operations().unfinished_collection(&world.context).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_tenant_is_in_two_collections_but_read_by_one_host_at_a_time() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        for _ in 0..2 {
            world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        }
        let lease = Duration::from_secs(15);
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        assert!(records.claim_snapshot(None, "one", lease).await.unwrap().is_some());
        assert!(records.claim_snapshot(None, "two", lease).await.unwrap().is_none());
        transaction.commit().await.unwrap();
    }
}
