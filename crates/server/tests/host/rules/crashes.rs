//! Nothing is done twice: a crash between two steps, several hosts at once, a restored store.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use soar_host::findings::CollectionToMake;
use soar_host::rules::Rules;
use soar_store::StoreError;
use soar_store::model::{AuditEntry, Moment, Surface};

use super::world::{add, incidents, messages, rules, shown, told};
use crate::findings::world::FindingsWorld;

/// Makes a baseline and two rules, and logs findings on many devices without applying the rules.
async fn many(world: &FindingsWorld, devices: u64) {
    world.lister.set("1", 9_999, "CVE-0", "open", 5.0);
    world.collect().await;
    let then = json!({ "incident": { "alertTo": ["soc@example.com"] } });
    add(world, &json!({ "name": "A", "mostPerCollection": 1000, "then": then })).await;
    let then = json!({ "incident": { "onePer": "cve" } });
    add(world, &json!({ "name": "B", "then": then })).await;
    for device in 1..=devices {
        for cve in ["CVE-1", "CVE-2", "CVE-3"] {
            world.lister.set("1", device, cve, "open", 5.0);
        }
    }
    collect_only(world).await;
}

/// Collects as a host that dies before it applies rules.
async fn collect_only(world: &FindingsWorld) {
    let made = world.operations().collect_findings(&world.context, &CollectionToMake::default()).await.unwrap();
    let executor = world.operations().executor.clone().unwrap();
    let collector = soar_host::findings::FindingCollector::new(executor, Default::default());
    collector.finish(made.id, &|_| ()).await.unwrap();
}

/// Each finding is in exactly one incident of each rule.
async fn assert_each_once(world: &FindingsWorld, devices: usize) {
    let all = incidents(world).await;
    let (of_findings, of_cves): (Vec<_>, Vec<_>) = all.iter().partition(|whole| whole.finding_count == 1);
    assert_eq!((of_findings.len(), of_cves.len()), (devices * 3, 3));
    let ids: BTreeSet<_> = of_findings.iter().map(|whole| whole.findings[0].finding_id.clone()).collect();
    assert_eq!(ids.len(), devices * 3);
    for whole in of_cves {
        assert_eq!(whole.finding_count, i64::try_from(devices).unwrap(), "{}", whole.incident.title);
        assert_eq!(whole.description.lines().count(), devices + 1);
    }
}

#[tokio::test]
async fn a_rule_that_is_stopped_at_any_instant_goes_on_and_makes_no_incident_twice() {
    for world in FindingsWorld::on_both().await {
        many(&world, 60).await;
        let mut stopped = 0;
        // A host that dies drops its transaction.
        for instant in [1, 3, 8, 15, 30, 50, 80, 120, 200] {
            let host = rules(&world);
            let running = tokio::time::timeout(Duration::from_millis(instant), host.run_due());
            stopped += u32::from(running.await.is_err());
        }
        rules(&world).run_due().await;
        assert!(stopped > 0);
        assert_each_once(&world, 60).await;
    }
}

#[tokio::test]
async fn two_hosts_at_once_make_each_incident_once() {
    for world in FindingsWorld::on_both().await {
        many(&world, 30).await;
        let beside = world.beside().await;
        let other = Rules::new(beside.connections.clone().unwrap(), beside.findings.clone());
        let mine = rules(&world);
        tokio::join!(mine.run_due(), other.run_due(), mine.run_due(), other.run_due());
        // A host that found a rule locked leaves it to the other one.
        mine.run_due().await;
        assert_each_once(&world, 30).await;
    }
}

#[tokio::test]
async fn a_rule_goes_on_after_its_number_was_deleted_from_the_log_or_replaced_by_a_restore() {
    for world in FindingsWorld::on_both().await {
        many(&world, 2).await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().prune_findings(Moment::MAX, 5).await.unwrap();
        transaction.commit().await.unwrap();
        rules(&world).run_due().await;
        let problem = shown(&world, "A").await.problem.unwrap();
        assert!(problem.contains("are not in the log. The rule goes on from 5."), "{problem}");
        let before = told(&world).await;
        world.test.store.begin_new_epoch(&AuditEntry::new(Moment(1), Surface::Terminal, "id")).await.unwrap();
        rules(&world).run_due().await;
        world.lister.set("1", 77, "CVE-9", "open", 5.0);
        world.collect().await;
        let after = told(&world).await;
        assert_eq!(after.len(), before.len() + 2, "{after:?}");
        assert_eq!(messages(&world).await.len(), 0);
    }
}

#[tokio::test]
async fn a_rule_is_changed_while_a_host_works_on_it() {
    for world in FindingsWorld::on_both().await {
        many(&world, 5).await;
        let id = shown(&world, "A").await.id;
        let change = serde_json::from_value(json!({ "when": { "cvssAtLeast": 9 }, "version": 1 })).unwrap();
        let applying = rules(&world);
        let (_, changed) =
            tokio::join!(applying.run_due(), world.operations().change_finding_rule(&world.context, id, &change));
        changed.unwrap();
        let refused = world.operations().change_finding_rule(&world.context, id, &change).await.unwrap_err();
        assert!(refused.to_string().contains("changed meanwhile: its version is 2"), "{refused}");
        applying.run_due().await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let error = transaction.records().finding_rule(soar_store::model::FindingRuleId(99)).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }));
    }
}
