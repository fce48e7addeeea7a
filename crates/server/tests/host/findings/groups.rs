//! Groups of findings that were counted when a reading ended, and searches that read few findings.

use soar_store::model::Moment;
use soar_store::testing::TestStore;
use soar_store::{Engine, FindingFilter, FindingGrouping};

use super::product::{Lister, ProductFault};
use super::world::FindingsWorld;

const GROUPINGS: [FindingGrouping; 3] = [FindingGrouping::Device, FindingGrouping::Cve, FindingGrouping::Tenant];

/// The groups of a filter: key, name, connection, and numbers.
async fn groups(world: &FindingsWorld, filter: &FindingFilter, grouping: FindingGrouping) -> Vec<String> {
    let found = world.operations().finding_groups(&world.context, filter, grouping, 0, 100).await.unwrap();
    found.iter().map(|group| format!("{group:?}")).collect()
}

/// Compares the groups that were counted with those of a filter that reads each finding, while no finding is gone.
async fn assert_counted(world: &FindingsWorld) {
    let (counted, read) = (FindingFilter::default(), FindingFilter { with_gone: true, ..FindingFilter::default() });
    for grouping in GROUPINGS {
        let expected = groups(world, &read, grouping).await;
        assert!(!expected.is_empty());
        assert_eq!(groups(world, &counted, grouping).await, expected, "{grouping}");
        let of_tenant =
            |filter: &FindingFilter| FindingFilter { tenant: Some("tenant 1".to_owned()), ..filter.clone() };
        let expected = groups(world, &of_tenant(&read), grouping).await;
        assert_eq!(groups(world, &of_tenant(&counted), grouping).await, expected, "{grouping} of a tenant");
    }
}

async fn numbers(world: &FindingsWorld, grouping: FindingGrouping) -> Vec<(String, i64, i64, i64, f64)> {
    let filter = FindingFilter::default();
    let found = world.operations().finding_groups(&world.context, &filter, grouping, 0, 100).await.unwrap();
    found.into_iter().map(|one| (one.key, one.open, one.listed, one.devices, one.worst_cvss)).collect()
}

#[tokio::test]
async fn groups_are_those_of_the_findings_after_each_reading() {
    for world in FindingsWorld::on_both().await {
        for (tenant, device, cve, cvss) in
            [("1", 1, "CVE-1", 9.8), ("1", 1, "CVE-2", 5.0), ("1", 2, "CVE-1", 9.8), ("2", 1, "CVE-1", 9.8)]
        {
            world.lister.set(tenant, device, cve, "open", cvss);
        }
        world.collect().await;
        assert_counted(&world).await;
        // A finding is fixed, one has another score, one is new, and a device was created again with another id.
        world.lister.set("1", 1, "CVE-1", "fixed", 9.8);
        world.lister.set("1", 2, "CVE-1", "open", 7.0);
        world.lister.set("2", 1, "CVE-3", "reopen", 3.0);
        let devices = |data: &mut super::product::Data| {
            let devices = &mut data.tenants.get_mut("1").unwrap().devices;
            let second = devices.remove(&2).unwrap();
            devices.insert(22, second);
        };
        devices(&mut world.lister.data());
        world.collect().await;
        assert_counted(&world).await;
        assert!(numbers(&world, FindingGrouping::Device).await.contains(&("22".to_owned(), 1, 1, 1, 7.0)));
        // A reading that is not whole counts what it read.
        world.lister.set("1", 1, "CVE-2", "open", 6.5);
        world.lister.fault("1", Some(ProductFault::CutAfter(2)));
        world.collect().await;
        assert_counted(&world).await;
        world.lister.fault("1", None);
        // Findings that are gone are in no group.
        world.lister.data().tenants.get_mut("1").unwrap().devices.remove(&1);
        world.collect().await;
        let expected = [("CVE-1".to_owned(), 2, 2, 2, 9.8), ("CVE-3".to_owned(), 1, 1, 1, 3.0)];
        assert_eq!(numbers(&world, FindingGrouping::Cve).await, expected);
        assert_eq!(numbers(&world, FindingGrouping::Device).await.len(), 2);
    }
}

#[tokio::test]
async fn groups_that_a_stopped_host_did_not_count_are_counted_by_the_next_reading() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 9.8);
        world.collect().await;
        for sql in ["DELETE FROM finding_groups", "UPDATE finding_feeds SET grouped = 0"] {
            world.test.execute(sql).await;
        }
        assert!(numbers(&world, FindingGrouping::Cve).await.is_empty());
        // Nothing changes.
        world.collect().await;
        assert_counted(&world).await;
    }
}

#[tokio::test]
async fn an_upgrade_counts_the_groups_and_keeps_the_texts_of_the_findings_that_there_are() {
    for world in FindingsWorld::on_both().await {
        world.lister.data().title = "Buffer OVERFLOW".to_owned();
        for (tenant, device, cve, state) in [
            ("1", 1, "CVE-1", "open"),
            ("1", 1, "CVE-2", "fixed"),
            ("1", 2, "CVE-1", "open"),
            ("2", 1, "CVE-1", "open"),
        ] {
            world.lister.set(tenant, device, cve, state, 5.5);
        }
        world.collect().await;
        let mut before = Vec::new();
        for grouping in GROUPINGS {
            before.push(groups(&world, &FindingFilter::default(), grouping).await);
        }
        let migration = match world.test.store.engine() {
            Engine::Sqlite => include_str!("../../../../store/migrations/sqlite/0023_finding_groups.sql"),
            Engine::Postgres => include_str!("../../../../store/migrations/postgres/0023_finding_groups.sql"),
        };
        for sql in ["DELETE FROM finding_groups", "DELETE FROM finding_texts"] {
            world.test.execute(sql).await;
        }
        assert_eq!(found(&world, "overflow").await, 0, "the texts of the findings are not kept");
        let inserts: Vec<_> =
            migration.split(';').filter(|statement| statement.trim_start().starts_with("INSERT INTO")).collect();
        assert_eq!(inserts.len(), 3);
        for sql in inserts {
            world.test.execute(sql).await;
        }
        for (grouping, before) in GROUPINGS.into_iter().zip(before) {
            assert_eq!(groups(&world, &FindingFilter::default(), grouping).await, before, "{grouping}");
        }
        assert_eq!(found(&world, "overflow").await, 4);
    }
}

async fn found(world: &FindingsWorld, search: &str) -> usize {
    let filter = FindingFilter { search: Some(search.to_owned()), ..FindingFilter::default() };
    let listed = world.operations().list_findings(&world.context, &filter, 100).await.unwrap().findings;
    listed.len()
}

#[tokio::test]
async fn a_search_finds_texts_of_every_length_and_those_of_later_readings() {
    for world in FindingsWorld::on_both().await {
        let long = format!("{} needle in the hay", "Stra\u{df}e \u{65e5}\u{672c} ".repeat(200));
        world.lister.data().title = "Buffer OVERFLOW 100%_done".to_owned();
        world.lister.set("1", 1, "CVE-1", "open", 9.8);
        world.lister.set("1", 2, "CVE-2", "open", 9.8);
        world.collect().await;
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&2).unwrap().name = "Gate-Ä".to_owned();
        world.collect().await;
        for (search, expected) in [
            ("overflow", 2),
            ("OverFlow 100%_DONE", 2),
            ("%_d", 2),
            ("100_", 0),
            ("\u{2028}", 0),
            ("gate", 1),
            ("10.0.0.2", 1),
            ("cve-2", 1),
            ("nginx", 2),
            ("needle", 0),
            ("'; --", 0),
            ("\n", 0),
        ] {
            assert_eq!(found(&world, search).await, expected, "{search:?}");
        }
        for (tenant, status, expected) in
            [(Some("tenant 1"), None, 2), (Some("2"), None, 0), (None, Some("open"), 2), (None, Some("fixed"), 0)]
        {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let search = Some("overflow".to_owned());
            let filter =
                FindingFilter { search, tenant: text(tenant), status: text(status), ..FindingFilter::default() };
            let page = world.operations().list_findings(&world.context, &filter, 1).await.unwrap();
            let filter = FindingFilter { after: page.next.clone(), ..filter };
            let next = world.operations().list_findings(&world.context, &filter, 1).await.unwrap();
            let listed = page.findings.len() + page.next.map_or(0, |_| next.findings.len());
            assert_eq!(listed, expected, "{tenant:?} {status:?}");
        }
        world.lister.data().title = long;
        world.lister.set("1", 1, "CVE-3", "open", 9.8);
        world.collect().await;
        for (search, expected) in [("needle", 3), ("overflow", 0), ("\u{65e5}\u{672c}", 3)] {
            assert_eq!(found(&world, search).await, expected, "{search:?} after the titles changed");
        }
        // PostgreSQL stores no NUL.
        world.lister.data().title = "nul\0inside".to_owned();
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&2).unwrap().name = "g\0te".to_owned();
        assert_eq!(world.collect().await.tenants[0].changed, 3);
        assert_eq!((found(&world, "nul\u{fffd}inside").await, found(&world, "g\u{fffd}te").await), (3, 1));
        assert_counted(&world).await;
    }
}

/// A CVE is no field whose change is a change of the finding.
#[tokio::test]
async fn a_finding_is_found_by_a_cve_that_it_got_without_a_change_in_the_log() {
    for test in TestStore::on_both().await {
        let world = FindingsWorld::with(test, Lister::keyed(r#"["$.software"]"#)).await;
        world.lister.set("1", 1, "CVE-5", "open", 9.8);
        world.collect().await;
        let last = world.last().await;
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().findings.clear();
        world.lister.set("1", 1, "CVE-1", "open", 9.8);
        world.collect().await;
        assert_eq!(world.last().await, last, "nothing changed");
        assert_eq!((found(&world, "cve-1").await, found(&world, "cve-5").await), (1, 0));
        assert_counted(&world).await;
    }
}

#[tokio::test]
async fn texts_are_deleted_with_the_last_finding_of_their_cve() {
    for world in FindingsWorld::on_both().await {
        for (tenant, cve) in [("1", "CVE-1"), ("1", "CVE-2"), ("2", "CVE-2")] {
            world.lister.set(tenant, 1, cve, "open", 9.8);
        }
        world.collect().await;
        let texts = async || {
            let mut transaction = world.test.store.transaction().await.unwrap();
            let gone = transaction.records().prune_finding_texts().await.unwrap();
            transaction.commit().await.unwrap();
            gone
        };
        assert_eq!(texts().await, 0);
        world.operations().remove_finding_tenant(&world.context, world.connection, "1").await.unwrap();
        world.prune(Moment(0), 100).await;
        assert_eq!(texts().await, 1, "CVE-2 is one of the other tenant too");
        assert_eq!(found(&world, "cve-2").await, 1);
    }
}
