//! A tenant that is removed from the findings, also while it is read.

use std::time::Duration;

use serde_json::json;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::findings::{COLLECT_FINDINGS, CollectionToMake};
use soar_host::operations::{OperationError, RequestContext, Span, TenantRemoved};
use soar_host::scheduler::{ExecutorRunner, WorkRunner as _};
use soar_host::settings::HostSettings;
use soar_store::model::{ConnectionId, Moment, NewSchedule, Role, Schedule, ScheduleId, SnapshotStatus};
use soar_store::{FindingFilter, FindingTotal, SnapshotEnd, StoreError};

use super::world::{FindingsWorld, host};
use crate::schedules::world::command_of;

const LEASE: Duration = Duration::from_secs(15);

async fn remove(world: &FindingsWorld, tenant: &str) -> Result<TenantRemoved, OperationError> {
    world.operations().remove_finding_tenant(&world.context, world.connection, tenant).await
}

/// Two tenants with two findings each, which were collected.
async fn two_tenants(world: &FindingsWorld) {
    for tenant in ["1", "2"] {
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set(tenant, 1, cve, "open", 5.0);
        }
    }
    world.collect().await;
}

async fn count(world: &FindingsWorld, tenant: &str) -> FindingTotal {
    let filter = FindingFilter { tenant: Some(tenant.to_owned()), with_gone: true, ..FindingFilter::default() };
    world.operations().count_findings(&world.context, &filter).await.unwrap()
}

/// The tenants with a last result.
async fn tenants(world: &FindingsWorld) -> Vec<String> {
    let last = world.operations().finding_tenants(&world.context).await.unwrap();
    last.into_iter().map(|one| one.tenant).collect()
}

#[tokio::test]
async fn a_removed_tenant_is_no_longer_shown_is_deleted_in_parts_and_begins_again_with_a_baseline() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        let filter = FindingFilter { tenant: Some("1".to_owned()), ..FindingFilter::default() };
        let page = world.operations().list_findings(&world.context, &filter, 10).await.unwrap();
        let id = page.findings[0].known.finding_id.clone();
        let removed = remove(&world, "1").await.unwrap();
        assert_eq!((removed.tenant.as_str(), removed.tenant_name.as_str()), ("1", "Tenant 1"));
        assert!(removed.connection == "production" && removed.later.contains("begins again with a baseline"));
        assert_eq!((count(&world, "1").await, count(&world, "2").await), (exactly(0), exactly(2)));
        assert_eq!(tenants(&world).await, ["2"]);
        assert_eq!(world.told(0).await, ["opened 2/1 CVE-1 baseline", "opened 2/1 CVE-2 baseline"]);
        assert!(world.operations().finding(&world.context, &id).await.unwrap_err().to_string().contains("no finding"));
        let error = remove(&world, "1").await.unwrap_err().to_string();
        assert_eq!(error, "There is no collected tenant \"1\".");
        // The hosts delete it in parts, and nothing else.
        let deleted = world.prune(Moment(0), 1).await;
        assert!(deleted.iter().all(|some| *some <= 4), "at most one row of each kind at once: {deleted:?}");
        assert_eq!(deleted.iter().sum::<u64>(), 2 + 1 + 3 + 2, "two findings, a device, three groups and two changes");
        assert_eq!(count(&world, "2").await, exactly(2));
        let last = world.last().await;
        // The product lists the tenant, so that it begins again.
        let collected = world.collect().await;
        let [first, second] = collected.tenants.as_slice() else { panic!("{collected:?}") };
        assert!(first.baseline && first.opened == 2 && second.opened == 0, "{collected:?}");
        assert_eq!(world.told(last).await, ["opened 1/1 CVE-1 baseline", "opened 1/1 CVE-2 baseline"]);
        assert!(world.operations().finding(&world.context, &id).await.is_err(), "the findings have other ids");
        assert_eq!(world.prune(Moment(0), 1).await, Vec::<u64>::new());
    }
}

fn exactly(count: i64) -> FindingTotal {
    FindingTotal::Exactly(count)
}

#[tokio::test]
async fn a_tenant_that_the_product_no_longer_lists_stays_away_once_it_is_removed() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        world.lister.data().tenants.remove("1");
        world.collect().await;
        assert_eq!(tenants(&world).await, ["1", "2"]);
        remove(&world, "1").await.unwrap();
        let collected = world.collect().await;
        assert_eq!(collected.tenants.iter().map(|one| one.tenant.as_str()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(tenants(&world).await, ["2"]);
        let wanted = CollectionToMake { connections: Vec::new(), tenants: vec!["1".to_owned()] };
        let error = world.operations().collect_findings(&world.context, &wanted).await.unwrap_err().to_string();
        assert!(error.contains("No connection lists a tenant with the id \"1\""), "{error}");
    }
}

#[tokio::test]
async fn a_tenant_that_is_removed_while_a_collection_is_recorded_is_not_in_it() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let feed = records.finding_feed_of(world.connection, "1", "Tenant 1").await.unwrap().id;
        let made = records.create_finding_collection("Admin", &[feed.into()]).await.unwrap();
        let recorded = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            transaction.commit().await.unwrap();
        };
        let (removed, ()) = tokio::join!(remove(&world, "1"), recorded);
        removed.unwrap();
        let shown = world.operations().finding_collection(&world.context, made).await.unwrap();
        assert!(shown.tenants.is_empty() && shown.ended, "{shown:?}");
        assert_eq!(world.operations().unfinished_collection(&world.context).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_listed_and_is_removed_while_a_collection_is_recorded_stays_away() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        world.lister.data().tenants.remove("1");
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().remove_finding_feed(world.connection, "1").await.unwrap();
        let removed = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            transaction.commit().await.unwrap();
        };
        let (collected, ()) = tokio::join!(world.collect(), removed);
        assert_eq!(collected.tenants.iter().map(|one| one.tenant.as_str()).collect::<Vec<_>>(), ["2"]);
        assert_eq!(tenants(&world).await, ["2"]);
    }
}

/// Runs a schedule that collects these tenants. Returns its error.
async fn scheduled(world: &FindingsWorld, tenants: &[&str]) -> Option<String> {
    let (connections, ..) = host(world.test.store.clone(), &world.lister, HostSettings::default());
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let site = world.test.store.reader().await.unwrap().records().sites().await.unwrap().remove(0);
    let what = NewSchedule {
        command: COLLECT_FINDINGS.to_owned(),
        user_id: Some(world.context.user.id),
        parameters: json!({ "Tenants": tenants }).as_object().unwrap().clone(),
        ..command_of(world.connection, "Findings", &site)
    };
    let schedule = Schedule { id: ScheduleId(1), what, next_due_at: Moment(1), run_soon_at: None };
    ExecutorRunner::new(executor, world.test.store.clone()).run(&schedule).await.unwrap().error
}

#[tokio::test]
async fn a_schedule_that_names_a_removed_tenant_fails_and_collects_its_other_tenants() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        world.lister.data().tenants.remove("1");
        world.lister.set("2", 1, "CVE-3", "open", 5.0);
        remove(&world, "1").await.unwrap();
        let problem = "No connection lists a tenant with the id \"1\". The tenants are 2 (\"Tenant 2\").";
        let error = scheduled(&world, &["1", "2"]).await.unwrap();
        assert!(error.contains(&format!("1 of 2 tenants were not read as a whole. {problem}")), "{error}");
        assert_eq!((count(&world, "2").await, tenants(&world).await), (exactly(3), vec!["2".to_owned()]));
        let error = scheduled(&world, &["1"]).await.unwrap();
        assert!(error.contains(problem) && !error.contains("as a whole"), "{error}");
        assert_eq!(scheduled(&world, &["2"]).await, None);
    }
}

#[tokio::test]
async fn a_host_that_reads_a_tenant_while_it_is_removed_writes_nothing_more_of_it() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        for only in [vec!["1".to_owned()], Vec::new()] {
            let wanted = CollectionToMake { connections: Vec::new(), tenants: only.clone() };
            let made = world.operations().collect_findings(&world.context, &wanted).await.unwrap();
            let mut transaction = world.test.store.transaction().await.unwrap();
            let claim = transaction.records().claim_snapshot(Some(made.id), "host", LEASE).await.unwrap().unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(claim.feed.tenant, "1");
            remove(&world, "1").await.unwrap();
            let mut transaction = world.test.store.transaction().await.unwrap();
            let mut records = transaction.records();
            assert!(!records.renew_snapshot(&claim, LEASE).await.unwrap());
            let written = records.apply_finding_changes(&claim, &[]).await.unwrap_err();
            assert!(
                matches!(&written, StoreError::Conflict(why) if why.contains("the tenant was removed")),
                "{written}"
            );
            let end = SnapshotEnd { status: SnapshotStatus::Whole, problem: None, rows_read: 2, requests: 1 };
            assert!(matches!(records.end_snapshot(&claim, &end).await, Err(StoreError::Conflict(_))));
            drop(transaction);
            // The collection goes on without the tenant. Without another one it has ended.
            let shown = world.operations().finding_collection(&world.context, made.id).await.unwrap();
            let left = if only.is_empty() { vec!["2"] } else { Vec::new() };
            assert_eq!(shown.tenants.iter().map(|one| one.tenant.as_str()).collect::<Vec<_>>(), left);
            let unfinished = world.operations().unfinished_collection(&world.context).await.unwrap();
            assert_eq!(unfinished, (!left.is_empty()).then_some(made.id));
            let ended = world.operations().finish_collection(made.id, &|_| ()).await.unwrap();
            assert!(ended.tenants.len() == left.len() && ended.ended, "{ended:?}");
            assert_eq!(count(&world, "1").await, exactly(0));
            world.collect().await;
            assert_eq!(count(&world, "1").await, exactly(2));
        }
    }
}

#[tokio::test]
async fn a_tenant_that_is_removed_at_any_instant_of_a_collection_is_whole_after_the_next_one() {
    const FINDINGS: u64 = 2_500;
    for world in FindingsWorld::on_both().await {
        world.lister.set("2", 1, "CVE-1", "open", 5.0);
        for number in 0..FINDINGS {
            world.lister.set("1", number / 100, &format!("CVE-{number}"), "open", 5.0);
        }
        world.collect().await;
        for instant in [0, 20, 100, 300] {
            let removing = async {
                tokio::time::sleep(Duration::from_millis(instant)).await;
                remove(&world, "1").await.unwrap();
            };
            let _ = tokio::join!(world.collect(), removing);
            world.prune(Moment(0), 2_000).await;
            let collected = world.collect().await;
            assert!(collected.tenants.iter().all(|one| one.status == SnapshotStatus::Whole), "{collected:?}");
            let all = i64::try_from(FINDINGS).unwrap();
            assert_eq!(count(&world, "1").await, exactly(all), "after {instant} ms");
            // Each finding has one change in the log, which is part of the new baseline.
            let span = Span { from: Moment(0), to: Moment::MAX };
            let counts = world.operations().finding_change_counts(&world.context, span).await.unwrap();
            let counts: Vec<_> = counts.iter().map(|one| (one.kind.as_str(), one.changes, one.baseline)).collect();
            assert_eq!(counts, [("opened", 0, all + 1)], "after {instant} ms");
        }
    }
}

#[tokio::test]
async fn who_manages_the_connection_of_a_tenant_removes_it() {
    for world in FindingsWorld::on_both().await {
        two_tenants(&world).await;
        let operations = world.operations();
        let (analyst, nobody) =
            (world.user("Analyst", &[(world.site, Role::Analyst)]).await, world.user("No", &[]).await);
        let manager = world.user("Manager", &[(world.site, Role::Manager)]).await;
        for (user, problem) in
            [(&analyst, "This needs the right to manage connections"), (&nobody, "has a role on no site")]
        {
            let refused = operations.remove_finding_tenant(user, world.connection, "1").await.unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
        }
        let unknown = operations.remove_finding_tenant(&manager, ConnectionId(99), "1").await.unwrap_err().to_string();
        assert_eq!(unknown, "There is no connection \"99\".");
        let managed = async |user: &RequestContext| {
            let ids = vec![world.connection, ConnectionId(99)];
            operations.managed_connections(user, ids).await.unwrap().into_iter().collect::<Vec<_>>()
        };
        assert_eq!((managed(&manager).await, managed(&analyst).await), (vec![world.connection], vec![]));
        assert_eq!(managed(&world.context).await, [world.connection]);
        assert_eq!(count(&world, "1").await, exactly(2));
        operations.remove_finding_tenant(&manager, world.connection, "1").await.unwrap();
        assert_eq!(count(&world, "1").await, exactly(0));
    }
}
