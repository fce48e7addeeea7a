//! Which changes a collection logs.

use soar_store::FindingFilter;
use soar_store::model::SnapshotStatus;

use super::product::{ProductDevice, ProductFault};
use super::world::FindingsWorld;

#[tokio::test]
async fn the_first_whole_snapshot_is_the_baseline_and_a_second_one_without_changes_writes_nothing() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-2024-1", "open", 9.8);
        world.lister.set("1", 1, "CVE-2024-2", "fixed", 5.0);
        world.lister.set("2", 7, "CVE-2024-1", "accepted", 9.8);
        let collected = world.collect().await;
        let results: Vec<_> = collected
            .tenants
            .iter()
            .map(|one| (one.tenant.as_str(), one.status, one.baseline, one.rows_read))
            .collect();
        assert_eq!(results, [("1", SnapshotStatus::Whole, true, 2), ("2", SnapshotStatus::Whole, true, 1)]);
        let baseline =
            ["fixed 1/1 CVE-2024-2 baseline", "opened 1/1 CVE-2024-1 baseline", "opened 2/7 CVE-2024-1 baseline"];
        assert_eq!(world.told(0).await, baseline);
        let last = world.last().await;
        let again = world.collect().await;
        assert!(again.tenants.iter().all(|one| !one.baseline && one.opened + one.changed + one.fixed + one.gone == 0));
        assert_eq!((world.last().await, world.told(last).await), (last, vec![]));
    }
}

#[tokio::test]
async fn each_kind_of_change_is_logged_once() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        for device in [2, 3, 4] {
            world.lister.set("1", device, "CVE-1", "open", 5.0);
        }
        world.collect().await;
        let last = world.last().await;
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.lister.set("1", 1, "CVE-3", "open", 7.5);
        world.lister.set("1", 1, "CVE-4", "accepted", 5.0);
        world.lister.set("1", 1, "CVE-6", "open", 5.0);
        {
            let mut data = world.lister.data();
            let devices = &mut data.tenants.get_mut("1").unwrap().devices;
            devices.get_mut(&1).unwrap().findings.remove("CVE-5");
            devices.remove(&2);
            let out = devices.get_mut(&3).unwrap();
            (out.life, out.findings) = ("out of scope".to_owned(), Default::default());
            let old = devices.get_mut(&4).unwrap();
            (old.life, old.findings) = ("Decommissioned".to_owned(), Default::default());
        }
        world.collect().await;
        assert_eq!(
            world.told(last).await,
            [
                "changed 1/1 CVE-3 (cvss)",
                "changed 1/1 CVE-4 (status state)",
                "fixed 1/1 CVE-2",
                "gone 1/1 CVE-5 (unknown)",
                "gone 1/2 CVE-1 (device gone)",
                "gone 1/3 CVE-1 (out of scope)",
                "gone 1/4 CVE-1 (device gone)",
                "opened 1/1 CVE-6",
            ]
        );
        let last = world.last().await;
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.lister.set("1", 1, "CVE-1", "reopen", 5.0);
        world.lister.set("1", 1, "CVE-5", "open", 5.0);
        world.collect().await;
        assert_eq!(world.told(last).await, ["reopened 1/1 CVE-1", "reopened 1/1 CVE-2", "reopened 1/1 CVE-5"]);
    }
}

/// As after an upgrade to a version that reads the CWEs.
#[tokio::test]
async fn cwes_that_are_known_for_the_first_time_are_kept_and_no_change_is_logged() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        let fields = async || {
            let page = world.operations().list_findings(&world.context, &FindingFilter::default(), 10).await.unwrap();
            serde_json::from_str::<serde_json::Value>(page.findings[0].known.finding.get()).unwrap()
        };
        assert_eq!(fields().await.get("cwe"), None);
        world.lister.data().weakness = "CWE-79, CWE-20".to_owned();
        world.collect().await;
        assert_eq!(fields().await["cwe"], serde_json::json!(["CWE-20", "CWE-79"]));
        assert_eq!((world.last().await, world.told(last).await), (last, vec![]));
        // A later change has them too.
        world.lister.set("1", 1, "CVE-1", "open", 6.0);
        world.collect().await;
        assert_eq!(world.told(last).await, ["changed 1/1 CVE-1 (cvss)"]);
        assert!(world.changes(last).await[0].finding.get().contains("CWE-20"));
    }
}

#[tokio::test]
async fn a_snapshot_that_is_not_whole_makes_nothing_gone_and_is_no_baseline() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.lister.fault("1", Some(ProductFault::CutAfter(2)));
        let cut = world.collect().await;
        assert_eq!((cut.tenants[0].status, cut.tenants[0].baseline), (SnapshotStatus::Partial, false));
        assert!(cut.tenants[0].problem.as_deref().unwrap().contains("fewer rows"), "{cut:?}");
        // They belong to the baseline, since no whole snapshot came before.
        assert_eq!(world.told(0).await, ["opened 1/1 CVE-1 baseline", "opened 1/1 CVE-2 baseline"]);
        world.lister.fault("1", None);
        let last = world.last().await;
        assert!(world.collect().await.tenants[0].baseline);
        assert_eq!(world.told(last).await, ["opened 1/1 CVE-3 baseline"]);
        let last = world.last().await;
        // The rows that were read count all the same.
        world.lister.set("1", 1, "CVE-1", "fixed", 5.0);
        world.lister.fault("1", Some(ProductFault::CutAfter(1)));
        world.collect().await;
        assert_eq!(world.told(last).await, ["fixed 1/1 CVE-1"]);
    }
}

#[tokio::test]
async fn a_finding_is_known_again_on_a_device_that_was_created_again_with_new_ids_and_shifted_pages() {
    for world in FindingsWorld::on_both().await {
        for (device, cve) in [(1, "CVE-1"), (1, "CVE-2"), (2, "CVE-1")] {
            world.lister.set("1", device, cve, "open", 5.0);
        }
        world.collect().await;
        let last = world.last().await;
        {
            let mut data = world.lister.data();
            (data.first_id, data.shifted) = (5_000, true);
            let devices = &mut data.tenants.get_mut("1").unwrap().devices;
            let device = devices.remove(&1).unwrap();
            devices.insert(91, device);
        }
        world.collect().await;
        assert_eq!(world.told(last).await, Vec::<String>::new());
        // The device is the same one, and the product's new id of the finding is kept.
        world.lister.set("1", 91, "CVE-1", "fixed", 5.0);
        world.collect().await;
        assert_eq!(world.told(last).await, ["fixed 1/1 CVE-1"]);
        let change = world.changes(last).await.remove(0);
        let finding: serde_json::Value = serde_json::from_str(change.finding.get()).unwrap();
        assert_eq!((finding["deviceId"].as_str(), finding["deviceName"].as_str()), (Some("91"), Some("device-1")));
        // Another device gets the id that the first one had.
        world.lister.set("1", 1, "CVE-9", "open", 5.0);
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().name = "other".to_owned();
        let last = world.last().await;
        world.collect().await;
        let told = world.told(last).await;
        assert!(told.len() == 1 && told[0].starts_with("opened 1/1@") && told[0].ends_with("CVE-9"), "{told:?}");
    }
}

#[tokio::test]
async fn two_devices_of_the_same_name_and_address_are_not_taken_for_each_other() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        {
            // Both are listed.
            let mut data = world.lister.data();
            let devices = &mut data.tenants.get_mut("1").unwrap().devices;
            let twin = devices[&1].clone();
            devices.insert(2, twin);
        }
        world.collect().await;
        assert_eq!(world.told(last).await, ["opened 1/2 CVE-1"]);
    }
}

/// Adds a device with the name and address of the first one, and with one finding.
fn add_twin(world: &FindingsWorld, cve: &str) {
    let mut data = world.lister.data();
    let devices = &mut data.tenants.get_mut("1").unwrap().devices;
    let (name, ip) = (devices[&1].name.clone(), devices[&1].ip.clone());
    let findings = [(cve.to_owned(), ("open".to_owned(), 5.0))].into();
    devices.insert(9, ProductDevice { name, ip, life: String::new(), findings });
}

#[tokio::test]
async fn a_device_without_findings_that_is_still_listed_is_not_taken_for_a_new_one_like_it() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        add_twin(&world, "CVE-1");
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().findings.clear();
        world.collect().await;
        assert_eq!(world.told(last).await, ["gone 1/1 CVE-1 (unknown)", "opened 1/9 CVE-1"]);
        let last = world.last().await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!(world.told(last).await, ["reopened 1/1 CVE-1"]);
    }
}

#[tokio::test]
async fn a_snapshot_that_is_not_whole_leaves_out_a_new_device_like_a_known_one_until_a_whole_one() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.collect().await;
        let last = world.last().await;
        add_twin(&world, "CVE-3");
        world.lister.set("1", 2, "CVE-4", "open", 5.0);
        world.lister.fault("1", Some(ProductFault::WithoutDevice(1)));
        let cut = world.collect().await;
        assert_eq!(cut.tenants[0].status, SnapshotStatus::Partial);
        assert_eq!(world.told(last).await, ["opened 1/2 CVE-4"]);
        world.lister.fault("1", None);
        world.collect().await;
        assert_eq!(world.told(last).await, ["opened 1/2 CVE-4", "opened 1/9 CVE-3"]);
    }
}

#[tokio::test]
async fn without_a_whole_list_of_devices_a_new_device_like_a_known_one_is_left_out() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        {
            let mut data = world.lister.data();
            let devices = &mut data.tenants.get_mut("1").unwrap().devices;
            let device = devices.remove(&1).unwrap();
            devices.insert(9, device);
        }
        world.lister.fault("1", Some(ProductFault::NoDeviceList));
        let cut = world.collect().await;
        assert_eq!(cut.tenants[0].status, SnapshotStatus::Partial);
        let problem = cut.tenants[0].problem.as_deref().unwrap();
        assert!(problem.contains("list of devices did not come as a whole"), "{problem}");
        world.lister.fault("1", None);
        assert_eq!(world.collect().await.tenants[0].status, SnapshotStatus::Whole);
        assert_eq!(world.told(last).await, Vec::<String>::new(), "it is the known device");
    }
}
