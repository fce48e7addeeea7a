//! A plan says what then happens.

use serde_json::json;
use soar_host::operations::RuleToPlan;
use soar_store::model::Moment;

use super::world::{add, assert_as_planned, incidents, messages, parts, rule, shown};
use crate::findings::world::FindingsWorld;

#[tokio::test]
async fn a_plan_has_the_incidents_that_are_then_made_and_changes_nothing() {
    for world in FindingsWorld::on_both().await {
        for device in 1..=6 {
            world.lister.set("1", device, "CVE-0", "open", 9.5);
        }
        world.collect().await;
        let wanted = json!({
            "name": "A", "when": { "cvssAtLeast": 7, "devices": ["device-?"] }, "mostPerCollection": 4,
            "then": { "incident": { "onePer": "device", "title": "{cve} on {device}", "owner": "Admin" } },
        });
        add(&world, &wanted).await;
        for device in 1..=12 {
            world.lister.set("1", device, "CVE-1", "open", 7.5);
            world.lister.set("1", device, "CVE-2", "open", 6.0);
        }
        world.collect().await;
        for device in 1..=3 {
            world.lister.set("1", device, "CVE-1", "fixed", 7.5);
        }
        world.lister.set("1", 1, "CVE-3", "open", 10.0);
        world.collect().await;
        world.lister.set("1", 2, "CVE-1", "open", 7.5);
        world.collect().await;
        let before = world.last().await;
        let to_plan = RuleToPlan {
            rule: rule(&json!({ "name": "B", "when": wanted["when"], "mostPerCollection": 4,
            "then": wanted["then"] })),
            days: 1,
        };
        let plan = world.operations().plan_finding_rule(&world.context, &to_plan).await.unwrap();
        let known = shown(&world, "A").await;
        let same = world.operations().plan_known_finding_rule(&world.context, known.id, 1).await.unwrap();
        assert_eq!(parts(&plan.incidents), parts(&same.incidents));
        assert_as_planned(&world, &plan).await;
        let closed = incidents(&world).await.iter().filter(|one| one.incident.closed_at.is_some()).count();
        assert_eq!((plan.made, plan.closed, plan.left_out), (5, i64::try_from(closed).unwrap(), 5));
        assert_eq!((closed, plan.is_cut), (2, false));
        assert_eq!((world.last().await, incidents(&world).await.len(), messages(&world).await.len()), (before, 5, 0));
        let mut reader = world.test.store.reader().await.unwrap();
        let mut records = reader.records();
        let changes = world.changes(0).await;
        for (from, last) in [(Moment::MIN, 0), (Moment::MAX, before)] {
            assert_eq!(records.sequence_before(from).await.unwrap().0, last);
        }
        for change in &changes {
            let last = changes.iter().filter(|other| other.at < change.at).map(|other| other.sequence.0).max();
            assert_eq!(records.sequence_before(change.at).await.unwrap().0, last.unwrap_or_default());
        }
        for days in [0, 401] {
            let error = world.operations().plan_known_finding_rule(&world.context, known.id, days).await.unwrap_err();
            assert!(error.to_string().contains("days: expected 1 to 400"), "{error}");
        }
    }
}
