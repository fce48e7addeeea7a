//! Incidents of rules are exported from one instance and imported into another, which goes on with them.

use serde_json::json;
use soar_host::transfer::{Format, ImportOptions, ImportReport, OnConflict, Subject};
use soar_store::Engine;
use soar_store::model::ConnectionId;
use soar_store::testing::TestStore;

use super::world::{add, incidents, told};
use crate::findings::world::FindingsWorld;

async fn exported(world: &FindingsWorld, format: Format) -> String {
    let mut out = Vec::new();
    let written =
        world.operations().export_to(&world.context, Subject::Incidents, format, &mut out, &mut |_| {}).await.unwrap();
    assert!(written.value > 0);
    String::from_utf8(out).unwrap()
}

async fn imported(world: &FindingsWorld, format: Format, text: &str) -> ImportReport {
    imported_on(world, format, text, OnConflict::Fail).await
}

async fn imported_on(world: &FindingsWorld, format: Format, text: &str, on_conflict: OnConflict) -> ImportReport {
    let options = ImportOptions { subject: Subject::Incidents, format, on_conflict };
    let imported = world.operations().import_from(&world.context, options, text.as_bytes(), &mut |_| {}).await;
    imported.unwrap().value
}

async fn add_rules(world: &FindingsWorld) {
    for (name, one_per, cvss) in [("Devices", "device", 7), ("Flaws", "cve", 7), ("Single", "finding", 9)] {
        let incident = json!({ "onePer": one_per, "title": format!("{name}: {{device}}") });
        add(world, &json!({ "name": name, "when": { "cvssAtLeast": cvss }, "then": { "incident": incident } })).await;
    }
}

/// An instance with incidents of rules about two devices.
async fn with_incidents(engine: Engine) -> FindingsWorld {
    let world = FindingsWorld::new(TestStore::on(engine).await).await;
    world.lister.set("1", 9, "CVE-0", "open", 5.0);
    world.collect().await;
    add_rules(&world).await;
    world.lister.set("1", 1, "CVE-1", "open", 9.5);
    world.lister.set("1", 1, "CVE-2", "open", 7.5);
    world.lister.set("1", 2, "CVE-2", "open", 7.5);
    world.collect().await;
    assert_eq!(incidents(&world).await.len(), 2 + 2 + 1);
    world
}

#[tokio::test]
async fn incidents_that_move_to_another_instance_keep_their_findings_and_rules() {
    for (from, to) in [(Engine::Sqlite, Engine::Postgres), (Engine::Postgres, Engine::Sqlite)] {
        let world = with_incidents(from).await;
        for format in Format::ALL {
            let copy = FindingsWorld::with(TestStore::on(to).await, world.lister.clone()).await;
            add_rules(&copy).await;
            // The ids of tenants are others here.
            let mut transaction = copy.test.store.transaction().await.unwrap();
            transaction.records().finding_feed_of(ConnectionId(99), "7", "Another").await.unwrap();
            transaction.commit().await.unwrap();
            let text = exported(&world, *format).await;
            let report = imported(&copy, *format, &text).await;
            assert_eq!((report.added, report.failed, report.missing_links.len()), (5, 0, 0), "{report:?}");
            assert_eq!(told(&copy).await, told(&world).await);
            // The raw data stay as they were, with the ids of the other instance.
            let same = |text: &str| text.replace("2.1.", "1.1.").replace("2.2.", "1.2.");
            let again = exported(&copy, *format).await;
            assert!(
                again.contains("2.1.") && same(&again) == same(&text),
                "the same but for the ids of tenants: {again}"
            );

            // The first collection there makes no incident twice, and fixes close those that were imported.
            copy.collect().await;
            assert_eq!(told(&copy).await, told(&world).await);
            copy.lister.set("1", 1, "CVE-1", "fixed", 9.5);
            copy.collect().await;
            let closed: Vec<_> = told(&copy).await.into_iter().filter(|one| one.ends_with("Closed")).collect();
            assert_eq!(closed.len(), 2, "the incidents about the finding and about its CVE: {closed:?}");
            copy.lister.set("1", 1, "CVE-1", "open", 9.5);
        }
    }
}

#[tokio::test]
async fn an_update_brings_no_removed_tenant_back_and_leaves_no_finding_twice() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = with_incidents(engine).await;
        let (before, text) = (told(&world).await, exported(&world, Format::Ndjson).await);
        world.operations().remove_finding_tenant(&world.context, world.connection, "1").await.unwrap();
        let report = imported_on(&world, Format::Ndjson, &text, OnConflict::Update).await;
        assert_eq!((report.updated, report.failed, report.missing_links.len()), (5, 0, 0), "{report:?}");
        assert_eq!(told(&world).await, before);
        let feeds = world.test.store.reader().await.unwrap().records().finding_feeds().await.unwrap();
        assert!(feeds.iter().all(|feed| feed.connection_id != world.connection), "{feeds:?}");

        // The tenant is collected again, so that its findings have new ids.
        world.collect().await;
        assert_eq!(told(&world).await, before);
        imported_on(&world, Format::Ndjson, &text, OnConflict::Update).await;
        assert_eq!(told(&world).await, before);
        let again = exported(&world, Format::Ndjson).await;
        imported_on(&world, Format::Ndjson, &again, OnConflict::Update).await;
        assert_eq!(told(&world).await, before);
        world.lister.set("1", 1, "CVE-1", "fixed", 9.5);
        world.lister.set("1", 2, "CVE-3", "open", 7.5);
        world.collect().await;
        let shown = told(&world).await;
        assert_eq!(shown.iter().filter(|one| one.ends_with("Closed")).count(), 2, "{shown:?}");
        let about_devices = shown.iter().filter(|one| one.starts_with("Devices")).count();
        assert_eq!(about_devices, 2, "the incident about the device has its new finding: {shown:?}");
    }
}

#[tokio::test]
async fn an_import_says_which_connection_and_rule_the_instance_lacks() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = with_incidents(engine).await;
        let text = exported(&world, Format::Ndjson).await;
        let copy = FindingsWorld::new(TestStore::on(engine).await).await;
        let report = imported(&copy, Format::Ndjson, &text.replace("\"production\"", "\"other\"")).await;
        assert_eq!((report.added, report.failed), (5, 0), "{report:?}");
        let told: Vec<_> = report.missing_links.iter().filter(|row| row.line == 1).map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{report:?}");
        assert!(
            told[0].starts_with("line 1: findings: expected the name of a connection, found \"other\""),
            "{told:?}"
        );
        assert!(told[1].starts_with("line 1: rule: expected the name of a rule that you manage, found "), "{told:?}");

        for (findings, problem) in [
            (
                json!([{ "findingId": "no id", "connection": "production", "status": "open" }]),
                "findingId: expected an id",
            ),
            (json!([{ "findingId": "1.1.x", "connection": "production", "status": "new" }]), "expected a JSON array"),
        ] {
            let row = json!({ "number": "x", "site": "Security Operations", "findings": findings }).to_string();
            let report = imported(&copy, Format::Ndjson, &row).await;
            assert!(report.failed == 1 && report.bad_rows[0].to_string().contains(problem), "{report:?}");
        }
    }
}
