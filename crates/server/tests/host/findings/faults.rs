//! A fault of one tenant is that tenant's result, and nothing is logged that is not so.

use std::sync::Arc;

use soar_host::Host;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::findings::EnrichmentFiles;
use soar_host::operations::ChangesSince;
use soar_host::settings::HostSettings;
use soar_store::model::{Moment, SnapshotStatus};
use soar_store::testing::TestStore;
use soar_store::{Engine, FindingFilter, Trouble};

use super::delivery::Receiver;
use super::product::ProductFault;
use super::world::{FindingsWorld, host};

async fn started(world: &FindingsWorld) -> i64 {
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
    for world in FindingsWorld::on_both().await {
        for (fault, status, problem) in [
            (ProductFault::FailsAfter(0), SnapshotStatus::Failed, "did not answer"),
            (ProductFault::FailsAfter(1), SnapshotStatus::Partial, "did not answer"),
            (
                ProductFault::NamelessRow,
                SnapshotStatus::Partial,
                "1 rows are no findings: a row has no device id at $.device.id",
            ),
            (ProductFault::Panics, SnapshotStatus::Failed, "panicked"),
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
    for world in FindingsWorld::on_both().await {
        let last = started(&world).await;
        world.lister.data().tenants.remove("1");
        let says = "The product no longer lists this tenant, or the connection's user may no longer see it.";
        let collected = world.collect().await;
        let [listed, unlisted] = collected.tenants.as_slice() else { panic!("{collected:?}") };
        assert_eq!((listed.tenant.as_str(), listed.status), ("2", SnapshotStatus::Whole));
        assert_eq!((unlisted.tenant.as_str(), unlisted.status), ("1", SnapshotStatus::Failed));
        assert_eq!(unlisted.problem.as_deref(), Some(says));
        // It is a result once, and stays the last result of the tenant.
        assert_eq!(world.collect().await.tenants.len(), 1);
        let last_results = world.operations().finding_tenants(&world.context).await.unwrap();
        assert_eq!(last_results.iter().filter(|one| one.problem.as_deref() == Some(says)).count(), 1);
        let wanted = soar_host::findings::CollectionToMake { connections: Vec::new(), tenants: vec!["1".to_owned()] };
        let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
        let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
        assert_eq!(
            (ended.tenants[0].status, ended.tenants[0].tenant_name.as_str()),
            (SnapshotStatus::Failed, "Tenant 1")
        );
        assert_eq!(world.told(last).await, Vec::<String>::new());
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        assert!(world.collect().await.tenants.iter().all(|one| one.status == SnapshotStatus::Whole));
    }
}

#[tokio::test]
async fn a_tenant_is_named_by_the_id_that_the_product_lists() {
    for world in FindingsWorld::on_both().await {
        started(&world).await;
        for (named, problem) in [
            ("", "The id of a tenant is empty. Give the product's id"),
            (" ", "The id of a tenant is empty."),
            (
                "01",
                "tenant with the id \"01\". The tenants are 1 (\"Tenant 1\"), 2 (\"Tenant 2\"). Give the id of one.",
            ),
        ] {
            let tenants = vec![named.to_owned(), "1".to_owned()];
            let wanted = soar_host::findings::CollectionToMake { connections: Vec::new(), tenants };
            let error = world.operations().collect_findings(&world.context, &wanted).await.unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let tenants = vec![" 2".to_owned(), "2 ".to_owned()];
        let wanted = soar_host::findings::CollectionToMake { connections: vec![world.connection], tenants };
        let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
        let [one] = made.tenants.as_slice() else { panic!("{made:?}") };
        assert_eq!((one.tenant.as_str(), one.tenant_name.as_str()), ("2", "Tenant 2"));
    }
}

#[tokio::test]
async fn a_tenant_that_the_product_deletes_while_it_is_read_loses_nothing_and_ends_as_a_result() {
    for world in FindingsWorld::on_both().await {
        for rows in [0, 1] {
            let last = started(&world).await;
            world.lister.fault("1", Some(ProductFault::TenantGoesAfter(rows)));
            world.lister.set("2", 1, "CVE-2", "fixed", 5.0);
            let collected = world.collect().await;
            let [first, second] = collected.tenants.as_slice() else { panic!("{collected:?}") };
            let status = if rows == 0 { SnapshotStatus::Failed } else { SnapshotStatus::Partial };
            assert_eq!((first.status, second.status), (status, SnapshotStatus::Whole), "{first:?}");
            assert!(first.problem.as_deref().unwrap().contains("may not see this tenant"), "{first:?}");
            assert_eq!(world.told(last).await, ["fixed 2/1 CVE-2"], "nothing of the tenant is gone");
            let collected = world.collect().await;
            assert!(collected.tenants[1].problem.as_deref().unwrap().contains("no longer lists this tenant"));
        }
    }
}

#[tokio::test]
async fn a_device_that_the_product_deletes_between_two_pages_is_gone_in_the_next_whole_snapshot() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 2, "CVE-3", "open", 5.0);
        let last = started(&world).await;
        world.lister.fault("1", Some(ProductFault::DeviceGoes(2)));
        let collected = world.collect().await;
        assert_eq!(collected.tenants[0].status, SnapshotStatus::Partial);
        assert!(collected.tenants[0].problem.as_deref().unwrap().contains("no longer had a device"));
        assert_eq!(world.told(last).await, Vec::<String>::new());
        world.lister.fault("1", None);
        world.collect().await;
        assert_eq!(world.told(last).await, ["gone 1/2 CVE-3 (device gone)"]);
    }
}

#[tokio::test]
async fn a_file_with_values_about_cves_that_cannot_be_read_stops_no_list_and_leaves_the_last_values() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let folder = tempfile::tempdir().unwrap();
        let catalog = folder.path().join("kev.json");
        let mut settings = HostSettings::default();
        settings.findings.enrichment = EnrichmentFiles { kev: Some(catalog.clone()), epss: None };
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, settings);
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let operations = Host::with_connectors(settings, executor).unwrap().operations.clone();
        let date = async || {
            let wanted = ChangesSince { limit: 10, ..ChangesSince::default() };
            let changes = operations.finding_changes(&world.context, wanted).await.unwrap().changes;
            assert_eq!(changes.len(), 1);
            let page = operations.list_findings(&world.context, &FindingFilter::default(), 10).await.unwrap();
            let id = &page.findings[0].known.finding_id;
            let shown = operations.finding(&world.context, id).await.unwrap();
            assert_eq!(shown.finding.kev, page.findings[0].kev);
            page.findings[0].kev.as_ref().map(|kev| kev.date.clone())
        };
        assert_eq!(date().await, None, "the file is missing");
        let readable =
            r#"{"dateReleased": "2026-11-01", "vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "2026-10-01"}]}"#;
        for (text, second) in [(readable, 1), ("{", 2)] {
            std::fs::write(&catalog, text).unwrap();
            let file = std::fs::File::options().write(true).open(&catalog).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(second)).unwrap();
            assert_eq!(date().await.as_deref(), Some("2026-11-01"), "{text}");
        }
    }
}

/// On SQLite the size of the file is limited. The stage is in a file of its own.
#[tokio::test]
async fn a_disk_that_is_full_during_a_snapshot_keeps_nothing_half_and_the_next_collection_goes_on() {
    let world = FindingsWorld::new(TestStore::on(Engine::Sqlite).await).await;
    world.lister.set("2", 1, "CVE-1", "open", 5.0);
    for number in 0..6_000 {
        world.lister.set("1", number / 100, &format!("CVE-{number}"), "open", 5.0);
    }
    let wanted = soar_host::findings::CollectionToMake::default();
    let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
    let pages: i64 = world.test.store.pragma("PRAGMA page_count").await.unwrap().parse().unwrap();
    // Room for the first thousands of findings with their changes, and not for all.
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
    assert!(kept > 0 && kept < 6_000 && kept % 1_000 == 0, "{kept}");
    assert_eq!(world.last().await, kept + 1);
    world.test.store.pragma("PRAGMA max_page_count = 1073741823").await.unwrap();
    let collected = world.collect().await;
    assert_eq!((collected.tenants[0].status, collected.tenants[0].opened), (SnapshotStatus::Whole, 6_000 - kept));
    assert_eq!(world.last().await, 6_001);
    assert_eq!(world.collect().await.tenants[0].opened, 0);
}

#[tokio::test]
async fn an_inactive_connection_and_a_deleted_one_are_results_too() {
    for world in FindingsWorld::on_both().await {
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
    for world in FindingsWorld::on_both().await {
        started(&world).await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().delete_connection(world.connection).await.unwrap();
        transaction.commit().await.unwrap();
        let deleted = world.prune(Moment(0), 1).await;
        assert!(deleted.iter().all(|some| *some <= 4), "at most one row of each kind at once: {deleted:?}");
        assert_eq!(
            deleted.iter().sum::<u64>(),
            4 + 2 + 6 + 4,
            "four findings, two devices, six groups and four changes"
        );
    }
}

#[tokio::test]
async fn the_scheduler_deletes_findings_of_a_deleted_connection() {
    for world in FindingsWorld::on_both().await {
        started(&world).await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().delete_connection(world.connection).await.unwrap();
        transaction.commit().await.unwrap();
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, HostSettings::default());
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let host = Host::with_schedules(settings, executor, Arc::new(Receiver::default())).unwrap();
        assert!(host.scheduler.as_ref().unwrap().drop_old_history().await.unwrap() >= 4 + 2 + 4);
        assert_eq!(world.prune(Moment(0), 1).await, Vec::<u64>::new());
        let mut transaction = world.test.store.transaction().await.unwrap();
        assert_eq!(transaction.records().prune_finding_texts().await.unwrap(), 0, "the scheduler deleted the texts");
    }
}
