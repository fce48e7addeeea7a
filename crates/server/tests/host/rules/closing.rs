//! A rule closes or keeps its incidents when findings are fixed, gone or reopened.

use std::time::Duration;

use serde_json::json;
use soar_host::findings::CollectionToMake;
use soar_store::model::{Status, Task};

use super::world::{add, incidents, rules, shown, told};
use crate::findings::product::ProductFault;
use crate::findings::world::FindingsWorld;

async fn device_rule(world: &FindingsWorld, closes: bool) {
    world.lister.set("1", 9, "CVE-0", "open", 5.0);
    world.collect().await;
    let then = json!({ "incident": { "onePer": "device", "closeWhenFixed": closes } });
    add(world, &json!({ "name": "Devices", "then": then })).await;
    for cve in ["CVE-1", "CVE-2"] {
        world.lister.set("1", 1, cve, "open", 5.0);
    }
    world.collect().await;
}

#[tokio::test]
async fn an_incident_is_closed_once_all_its_findings_are_fixed() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        world.lister.set("1", 1, "CVE-1", "fixed", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 open] Open"]);
        let whole = incidents(&world).await.remove(0);
        assert!(whole.description.contains("CVE-1 on device-1 fixed"), "{}", whole.description);
        // A finding that is gone is not fixed.
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().findings.remove("CVE-2");
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 gone] Open"]);
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        let whole = incidents(&world).await.remove(0);
        assert_eq!((whole.incident.status, whole.incident.closed_by.as_deref()), (Status::Closed, Some("Admin")));
        assert_eq!(whole.conclusion, "All findings of the incident are fixed. The rule Devices closed it.");
        // One that is reopened after that makes a new incident.
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        assert_eq!(
            told(&world).await,
            [
                "Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed] Closed",
                "Findings on device-1 [CVE-2/device-1 reopened] Open",
            ]
        );
    }
}

#[tokio::test]
async fn a_finding_that_is_reopened_while_its_incident_is_open_is_appended() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        world.lister.set("1", 1, "CVE-1", "fixed", 5.0);
        world.collect().await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 reopened, CVE-2/device-1 fixed] Open"]);
    }
}

#[tokio::test]
async fn a_fix_and_a_new_finding_in_one_snapshot_leave_the_incident_open() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "fixed", 5.0);
        }
        world.lister.set("1", 1, "CVE-3", "open", 5.0);
        world.collect().await;
        assert_eq!(
            told(&world).await,
            ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed, CVE-3/device-1 open] Open"]
        );
    }
}

#[tokio::test]
async fn an_incident_with_a_pending_task_stays_open_and_has_the_reason() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        let number = incidents(&world).await.remove(0).incident.number;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let id = records.incident(&number).await.unwrap().id;
        let fields = records.fields_of(&[id]).await.unwrap().remove(&id).unwrap();
        let task = Task { name: "Tell the owner".to_owned(), required: true, done: false };
        records.replace_details(&[(id, &[task], &fields)]).await.unwrap();
        transaction.commit().await.unwrap();
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "fixed", 5.0);
        }
        world.collect().await;
        let whole = incidents(&world).await.remove(0);
        assert_eq!(whole.incident.status, Status::Open);
        let last = whole.description.lines().last().unwrap();
        assert!(last.contains("did not close it. Required tasks are pending: \"Tell the owner\""), "{last}");
        // It is tried once.
        world.collect().await;
        assert_eq!(incidents(&world).await.remove(0).incident.version, whole.incident.version);
    }
}

#[tokio::test]
async fn a_rule_can_leave_closing_to_users() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, false).await;
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "fixed", 5.0);
        }
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed] Open"]);
    }
}

#[tokio::test]
async fn a_snapshot_that_was_cut_short_closes_what_its_rows_say_is_fixed() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "fixed", 5.0);
        }
        world.lister.fault("1", Some(ProductFault::CutAfter(2)));
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed] Closed"]);
    }
}

#[tokio::test]
async fn an_incident_is_closed_although_a_collection_that_was_killed_has_not_ended() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        assert!(transaction.records().claim_snapshot(None, "dead", Duration::ZERO).await.unwrap().is_some());
        transaction.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "fixed", 5.0);
        }
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed] Closed"]);
    }
}

#[tokio::test]
async fn a_rule_that_becomes_active_again_goes_on_with_its_incidents_and_makes_none_about_earlier_changes() {
    for world in FindingsWorld::on_both().await {
        device_rule(&world, true).await;
        let rule = shown(&world, "Devices").await.id;
        let switch = async |active: bool| {
            let change = serde_json::from_value(json!({ "active": active })).unwrap();
            world.operations().change_finding_rule(&world.context, rule, &change).await.unwrap();
        };
        switch(false).await;
        world.lister.set("1", 1, "CVE-1", "fixed", 5.0);
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().findings.remove("CVE-2");
        world.lister.set("1", 2, "CVE-3", "open", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 open, CVE-2/device-1 open] Open"]);
        switch(true).await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 gone] Open"]);
        let whole = incidents(&world).await.remove(0);
        assert!(whole.description.contains("UTC: CVE-1 on device-1 is fixed"), "{}", whole.description);
        switch(false).await;
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        switch(true).await;
        rules(&world).run_due().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-1/device-1 fixed, CVE-2/device-1 fixed] Closed"]);
    }
}
