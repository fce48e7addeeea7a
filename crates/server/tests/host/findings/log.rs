//! The log of changes: numbers, positions, expiry, and restores.

use std::time::Duration;

use soar_host::operations::{ChangesSince, OperationError, Span};
use soar_store::model::{AuditEntry, FindingSequence, Moment, Surface};

use super::world::FindingsWorld;

async fn page(world: &FindingsWorld, after: Option<i64>) -> Result<(Vec<i64>, i64), OperationError> {
    let wanted = ChangesSince { after: after.map(FindingSequence), limit: 2, wait: Duration::ZERO };
    let page = world.operations().finding_changes(&world.context, wanted).await?;
    Ok((page.changes.iter().map(|shown| shown.sequence().0).collect(), page.through.0))
}

#[tokio::test]
async fn a_reader_gets_each_change_once_in_order() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        assert_eq!(page(&world, None).await.unwrap(), (vec![], 0));
        world.collect().await;
        assert_eq!(page(&world, None).await.unwrap(), (vec![1, 2], 2));
        assert_eq!(page(&world, Some(2)).await.unwrap(), (vec![3], 3));
        assert_eq!(page(&world, Some(3)).await.unwrap(), (vec![], 3));
    }
}

#[tokio::test]
async fn a_reader_that_waits_gets_a_change_as_soon_as_it_is_there() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        let wanted = ChangesSince { after: Some(FindingSequence(0)), limit: 10, wait: Duration::from_secs(60) };
        let waiting = world.operations().finding_changes(&world.context, wanted);
        let (page, _) = tokio::join!(waiting, world.collect());
        assert_eq!(page.unwrap().changes.len(), 1);
    }
}

#[tokio::test]
async fn a_number_that_was_pruned_or_lies_beyond_the_log_is_told_the_number_to_go_on_from() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3", "CVE-4"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.collect().await;
        let told = async |after| match page(&world, Some(after)).await {
            Err(OperationError::NotInLog { why, go_on_from }) => (go_on_from.0, why),
            other => panic!("{after}: {other:?}"),
        };
        assert_eq!(told(5).await.0, 4);
        let mut transaction = world.test.store.transaction().await.unwrap();
        assert_eq!(transaction.records().prune_findings(Moment::MAX, 3).await.unwrap(), 3 + 1);
        transaction.commit().await.unwrap();
        let (next, why) = told(1).await;
        assert!(next == 3 && why.contains("deleted"), "{why}");
        assert_eq!(page(&world, Some(3)).await.unwrap(), (vec![4], 4));
        for begin in [None, Some(0)] {
            assert_eq!(page(&world, begin).await.unwrap(), (vec![4], 4));
        }
    }
}

#[tokio::test]
async fn numbers_of_a_store_that_a_restore_replaced_are_never_given_out_again() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let entry = AuditEntry::new(Moment(1), Surface::Terminal, "restore");
        world.test.store.begin_new_epoch(&entry).await.unwrap();
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        // A consumer had read up to 17 in the replaced store.
        let Err(OperationError::NotInLog { go_on_from, why }) = page(&world, Some(17)).await else { panic!() };
        assert_eq!(go_on_from.0, 1, "{why}");
        let (changes, through) = page(&world, Some(1)).await.unwrap();
        assert!(changes.len() == 1 && changes[0] > 1_000_000_000_000 && through == changes[0], "{changes:?}");
        assert_eq!(page(&world, Some(through)).await.unwrap(), (vec![], through));
    }
}

#[tokio::test]
async fn a_difference_is_from_the_begin_of_a_span_to_its_end() {
    for world in FindingsWorld::on_both().await {
        for cve in ["CVE-1", "CVE-2", "CVE-3"] {
            world.lister.set("1", 1, cve, "open", 5.0);
        }
        world.collect().await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        let from = world.test.store.reader().await.unwrap().records().now().await.unwrap();
        // Fixed and open again; changed; changed and back; opened and gone; opened.
        for (one, two, three) in [("fixed", 6.0, "open"), ("open", 7.0, "")] {
            world.lister.set("1", 1, "CVE-1", one, 5.0);
            world.lister.set("1", 1, "CVE-2", "open", two);
            world.lister.set("1", 1, "CVE-3", "open", if two > 6.5 { 5.0 } else { 6.0 });
            world.lister.set("1", 1, "CVE-5", "open", 5.0);
            match three {
                "" => {
                    world
                        .lister
                        .data()
                        .tenants
                        .get_mut("1")
                        .unwrap()
                        .devices
                        .get_mut(&1)
                        .unwrap()
                        .findings
                        .remove("CVE-4");
                }
                state => world.lister.set("1", 1, "CVE-4", state, 5.0),
            }
            world.collect().await;
        }
        let span = Span { from, to: Moment::MAX };
        let found = world.operations().finding_differences(&world.context, span, None, 100).await.unwrap();
        let mut nets: Vec<_> = found
            .differences
            .iter()
            .map(|one| {
                let finding: serde_json::Value = serde_json::from_str(one.last.finding.get()).unwrap();
                format!("{} {}", finding["cve"][0].as_str().unwrap(), one.net)
            })
            .collect();
        nets.sort();
        assert_eq!(nets, ["CVE-2 changed", "CVE-5 opened"]);
    }
}
