//! What is forgotten of findings once their changes have expired.

use soar_store::FindingFilter;
use soar_store::model::Moment;

use super::product::ProductDevice;
use super::world::FindingsWorld;

/// The ids of all findings, also of those that are gone.
async fn ids(world: &FindingsWorld) -> Vec<String> {
    let filter = FindingFilter { with_gone: true, ..FindingFilter::default() };
    let page = world.operations().list_findings(&world.context, &filter, 1_000).await.unwrap();
    page.findings.into_iter().map(|one| one.known.finding_id).collect()
}

fn device(world: &FindingsWorld, device: u64, change: impl FnOnce(&mut ProductDevice)) {
    change(world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&device).unwrap());
}

#[tokio::test]
async fn a_finding_that_is_gone_is_forgotten_with_its_last_change_and_is_opened_when_it_comes_back() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.collect().await;
        let gone = ids(&world).await;
        // One is gone for good, one is gone after it was fixed, and one comes back.
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        device(&world, 1, |device| device.findings.clear());
        world.collect().await;
        world.lister.set("1", 1, "CVE-3", "open", 5.0);
        world.collect().await;
        let last = world.last().await;
        assert_eq!(last, 3 + 1 + 3 + 1);
        // The first changes of the findings have expired, and the last ones have not.
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().prune_findings(Moment::MAX, 4).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(ids(&world).await.len(), 3);
        // All have.
        let deleted = world.prune(Moment::MAX, 1).await;
        assert!(deleted.iter().all(|some| *some <= 1 + 1 + 1), "a change, its finding and a collection: {deleted:?}");
        let left = ids(&world).await;
        assert_eq!(left.len(), 1, "the finding that came back");
        for id in gone.iter().filter(|id| **id != left[0]) {
            let error = world.operations().finding(&world.context, id).await.unwrap_err().to_string();
            assert!(error.contains("There is no finding"), "{error}");
        }
        assert_eq!(world.told(0).await, Vec::<String>::new());
        // A finding that is not known is new.
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!(world.told(last).await, ["opened 1/1 CVE-1"]);
        let mut back = ids(&world).await;
        back.retain(|id| !gone.contains(id));
        assert_eq!(back, Vec::<String>::new(), "it has its id again");
    }
}

#[tokio::test]
async fn a_finding_that_is_listed_is_kept_however_old_its_last_change_is() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        world.prune(Moment::MAX, 100).await;
        assert_eq!(ids(&world).await.len(), 2);
        let last = world.last().await;
        world.collect().await;
        assert_eq!(world.told(last).await, Vec::<String>::new());
        // It is gone as any other.
        device(&world, 1, |device| drop(device.findings.remove("CVE-1")));
        world.collect().await;
        assert_eq!(world.told(last).await, ["gone 1/1 CVE-1 (unknown)"]);
    }
}

/// A device that the product creates again with another id is the known one with its name and address.
#[tokio::test]
async fn a_device_without_a_finding_left_is_forgotten_by_the_next_whole_snapshot() {
    for world in FindingsWorld::on_both().await {
        for number in [1, 2] {
            world.lister.set("1", number, "CVE-1", "open", 5.0);
        }
        world.collect().await;
        let gone = world.lister.data().tenants.get_mut("1").unwrap().devices.remove(&1).unwrap();
        world.collect().await;
        world.prune(Moment::MAX, 100).await;
        world.collect().await;
        let last = world.last().await;
        let again = |number| {
            world.lister.data().tenants.get_mut("1").unwrap().devices.insert(number, gone.clone());
        };
        again(3);
        world.collect().await;
        assert_eq!(world.told(last).await, ["opened 1/3 CVE-1"], "it is no known device");
        // A device whose findings are remembered is known again.
        let last = world.last().await;
        world.lister.data().tenants.get_mut("1").unwrap().devices.remove(&3).unwrap();
        world.collect().await;
        again(4);
        world.collect().await;
        assert_eq!(world.told(last).await, ["gone 1/3 CVE-1 (device gone)", "reopened 1/3 CVE-1"]);
    }
}
