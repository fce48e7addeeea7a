//! A fault of one tenant is that tenant's result, and nothing is logged that is not so.

use soar_store::model::SnapshotStatus;
use soar_store::testing::TestStore;
use soar_store::{Engine, Trouble};

use super::product::Fault;
use super::world::World;

async fn started(world: &World) -> i64 {
    for tenant in ["1", "2"] {
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set(tenant, 1, cve, "open", 5.0);
        }
    }
    world.collect().await;
    world.last().await
}

#[tokio::test]
async fn a_fault_of_one_tenant_is_its_own_result_and_the_other_tenants_are_read() {
    for world in World::on_both().await {
        for (fault, status, problem) in [
            (Fault::FailsAfter(0), SnapshotStatus::Failed, "did not answer"),
            (Fault::FailsAfter(1), SnapshotStatus::Partial, "did not answer"),
            (
                Fault::NamelessRow,
                SnapshotStatus::Partial,
                "1 rows are no findings: a row has no device id at $.device.id",
            ),
            (Fault::Panics, SnapshotStatus::Failed, "panicked"),
        ] {
            let last = started(&world).await;
            world.lister.fault("1", Some(fault.clone()));
            world.lister.set("2", 1, "CVE-2", "fixed", 5.0);
            let collected = world.collect().await;
            let [first, second] = collected.tenants.as_slice() else { panic!("{collected:?}") };
            assert_eq!((first.status, second.status), (status, SnapshotStatus::Whole), "{fault:?}");
            assert!(first.problem.as_deref().unwrap().contains(problem), "{first:?}");
            assert_eq!(world.told(last).await, ["fixed 2/1 CVE-2"], "{fault:?}");
            world.lister.fault("1", None);
        }
    }
}

#[tokio::test]
async fn a_tenant_that_is_gone_from_the_product_keeps_its_findings_and_its_last_result_says_why() {
    for world in World::on_both().await {
        let last = started(&world).await;
        world.lister.data().tenants.remove("1");
        // The list of tenants no longer has it, so only a caller who names it reads it.
        assert_eq!(world.collect().await.tenants.len(), 1);
        let wanted = soar_host::findings::CollectionToMake { connections: Vec::new(), tenants: vec!["1".to_owned()] };
        let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
        let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
        assert_eq!(
            (ended.tenants[0].status, ended.tenants[0].tenant_name.as_str()),
            (SnapshotStatus::Failed, "Tenant 1")
        );
        assert_eq!(world.told(last).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_tenant_that_the_product_deletes_while_it_is_read_loses_nothing_and_ends_as_a_result() {
    for world in World::on_both().await {
        for rows in [0, 1] {
            let last = started(&world).await;
            world.lister.fault("1", Some(Fault::TenantGoesAfter(rows)));
            world.lister.set("2", 1, "CVE-2", "fixed", 5.0);
            let collected = world.collect().await;
            let [first, second] = collected.tenants.as_slice() else { panic!("{collected:?}") };
            let status = if rows == 0 { SnapshotStatus::Failed } else { SnapshotStatus::Partial };
            assert_eq!((first.status, second.status), (status, SnapshotStatus::Whole), "{first:?}");
            assert!(first.problem.as_deref().unwrap().contains("may not see this tenant"), "{first:?}");
            assert_eq!(world.told(last).await, ["fixed 2/1 CVE-2"], "nothing of the tenant is gone");
            assert_eq!(world.collect().await.tenants.len(), 1, "the product no longer lists it");
        }
    }
}

#[tokio::test]
async fn a_device_that_the_product_deletes_between_two_pages_is_gone_in_the_next_whole_snapshot() {
    for world in World::on_both().await {
        world.lister.set("1", 2, "CVE-3", "open", 5.0);
        let last = started(&world).await;
        world.lister.fault("1", Some(Fault::DeviceGoes(2)));
        let collected = world.collect().await;
        assert_eq!(collected.tenants[0].status, SnapshotStatus::Partial);
        assert!(collected.tenants[0].problem.as_deref().unwrap().contains("no longer had a device"));
        assert_eq!(world.told(last).await, Vec::<String>::new());
        world.lister.fault("1", None);
        world.collect().await;
        assert_eq!(world.told(last).await, ["gone 1/2 CVE-3 (device gone)"]);
    }
}

/// On SQLite the size of the file is limited. The stage is in a file of its own.
#[tokio::test]
async fn a_disk_that_is_full_during_a_snapshot_keeps_nothing_half_and_the_next_collection_goes_on() {
    let world = World::new(TestStore::on(Engine::Sqlite).await).await;
    world.lister.set("2", 1, "CVE-1", "open", 5.0);
    for number in 0..6_000 {
        world.lister.set("1", number / 100, &format!("CVE-{number}"), "open", 5.0);
    }
    let wanted = soar_host::findings::CollectionToMake::default();
    let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
    let pages: i64 = world.test.store.pragma("PRAGMA page_count").await.unwrap().parse().unwrap();
    // Room for the first 2,000 findings with their changes, and not for all.
    let limit = format!("PRAGMA max_page_count = {}", pages + 700);
    world.test.store.pragma(Box::leak(limit.into_boxed_str())).await.unwrap();
    let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
    let [first, second] = ended.tenants.as_slice() else { panic!("{ended:?}") };
    assert_eq!((first.status, second.status), (SnapshotStatus::Failed, SnapshotStatus::Whole), "{first:?}");
    let problem = first.problem.as_deref().unwrap();
    assert!(problem.contains("The disk under the store is full. Make room on it."), "{problem}");
    assert_eq!(world.test.store.failing().await, Some(Trouble::Full), "the host says that it is not ready");
    // Whole transactions are kept: the log has each finding that is kept, once.
    let kept = first.opened;
    assert!(kept > 0 && kept < 6_000 && kept % 2_000 == 0, "{kept}");
    assert_eq!(world.last().await, kept + 1);
    world.test.store.pragma("PRAGMA max_page_count = 1073741823").await.unwrap();
    let collected = world.collect().await;
    assert_eq!((collected.tenants[0].status, collected.tenants[0].opened), (SnapshotStatus::Whole, 6_000 - kept));
    assert_eq!(world.last().await, 6_001);
    assert_eq!(world.collect().await.tenants[0].opened, 0);
}

#[tokio::test]
async fn an_inactive_connection_and_a_deleted_one_are_results_too() {
    for world in World::on_both().await {
        started(&world).await;
        let wanted = soar_host::findings::CollectionToMake::default();
        let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().delete_connection(world.connection).await.unwrap();
        transaction.commit().await.unwrap();
        let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
        assert!(ended.tenants.iter().all(|one| one.status == SnapshotStatus::Failed), "{ended:?}");
        assert!(ended.tenants[0].problem.as_deref().unwrap().contains("no connection"), "{ended:?}");
        let error = world.operations().collect_findings(&world.context, &wanted).await.unwrap_err();
        assert!(error.to_string().contains("no active connection that lists findings"), "{error}");
    }
}

#[tokio::test]
async fn findings_of_a_deleted_connection_are_deleted_in_parts() {
    for world in World::on_both().await {
        started(&world).await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        records.delete_connection(world.connection).await.unwrap();
        let mut deleted = 0;
        loop {
            let some = records.prune_findings(soar_store::model::Moment(0), 3).await.unwrap();
            deleted += some;
            assert!(some <= 6, "{some}");
            if some == 0 {
                break;
            }
        }
        assert_eq!(deleted, 4 + 2, "four findings and two devices");
        transaction.commit().await.unwrap();
    }
}
