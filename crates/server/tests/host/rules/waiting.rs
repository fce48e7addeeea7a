//! A rule waits while its user is not active, and goes on with what it missed.

use serde_json::json;
use soar_host::operations::RequestContext;
use soar_store::model::Moment;
use soar_store::{NewUser, UserChange};

use super::world::{rule, rules, shown, told};
use crate::findings::world::FindingsWorld;

/// A baseline, and a rule of another administrator, who is no longer active after the rule has made an incident about CVE-1.
async fn with_an_inactive_user(world: &FindingsWorld) {
    world.lister.set("1", 1, "CVE-0", "open", 5.0);
    world.collect().await;
    let mut transaction = world.test.store.transaction().await.unwrap();
    let new = NewUser { name: "Second".to_owned(), email: None, is_administrator: true };
    let user = transaction.records().create_user(&new, Moment(1)).await.unwrap();
    transaction.commit().await.unwrap();
    let second = RequestContext { user, ..world.context.clone() };
    let wanted = rule(&json!({ "name": "A", "mostPerCollection": 2, "then": { "incident": {} } }));
    world.operations().create_finding_rule(&second, &wanted).await.unwrap();
    world.lister.set("1", 1, "CVE-1", "open", 5.0);
    world.collect().await;
    assert_eq!(told(world).await, ["CVE-1 on device-1 [CVE-1/device-1 open] Open"]);
    set_active(world, false).await;
}

async fn set_active(world: &FindingsWorld, active: bool) {
    let mut transaction = world.test.store.transaction().await.unwrap();
    let change = UserChange { active: Some(active), ..UserChange::default() };
    transaction.records().update_user("Second", &change, Moment(2)).await.unwrap();
    transaction.commit().await.unwrap();
}

/// The rule does nothing now, and says why.
async fn assert_waiting(world: &FindingsWorld, handled: i64) {
    rules(world).run_due().await;
    let waiting = shown(world, "A").await;
    let problem = waiting.problem.unwrap();
    let begin = "The rule waits: The user \"Second\", whose rights the rule has, is not active.";
    assert!(problem.starts_with(begin), "{problem}");
    assert!(problem.ends_with(&format!("The changes after {handled} wait until then.")), "{problem}");
    assert_eq!(waiting.after.0, handled);
    assert_eq!(told(world).await, ["CVE-1 on device-1 [CVE-1/device-1 open] Open"]);
}

#[tokio::test]
async fn a_rule_goes_on_with_what_it_missed_within_its_limit_for_each_collection() {
    for world in FindingsWorld::on_both().await {
        with_an_inactive_user(&world).await;
        world.lister.set("1", 1, "CVE-1", "fixed", 5.0);
        for device in [2, 3, 4] {
            world.lister.set("1", device, "CVE-2", "open", 5.0);
        }
        world.collect().await;
        assert_waiting(&world, 2).await;
        world.lister.set("1", 5, "CVE-3", "open", 5.0);
        world.collect().await;
        assert_waiting(&world, 2).await;
        set_active(&world, true).await;
        rules(&world).run_due().await;
        assert_eq!(
            told(&world).await,
            [
                "CVE-1 on device-1 [CVE-1/device-1 fixed] Closed",
                "CVE-2 on device-2 [CVE-2/device-2 open] Open",
                "CVE-2 on device-3 [CVE-2/device-3 open] Open",
                "CVE-3 on device-5 [CVE-3/device-5 open] Open",
            ]
        );
        let after = shown(&world, "A").await;
        assert_eq!(after.after, after.last_sequence);
        let problem = after.problem.unwrap();
        assert!(problem.contains("1 further findings met the rule"), "it no longer waits: {problem}");
    }
}

#[tokio::test]
async fn a_rule_that_missed_changes_that_have_expired_says_so_and_goes_on_with_the_first_that_is_left() {
    for world in FindingsWorld::on_both().await {
        with_an_inactive_user(&world).await;
        world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&1).unwrap().findings.remove("CVE-1");
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        world.lister.set("1", 1, "CVE-3", "open", 5.0);
        world.collect().await;
        assert_eq!(world.told(2).await, ["gone 1/1 CVE-1 (unknown)", "opened 1/1 CVE-2", "opened 1/1 CVE-3"]);
        // All but the last change have expired. The finding of the incident is forgotten.
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().prune_findings(Moment::MAX, 4).await.unwrap();
        transaction.commit().await.unwrap();
        assert_waiting(&world, 2).await;
        set_active(&world, true).await;
        rules(&world).run_due().await;
        let problem = shown(&world, "A").await.problem.unwrap();
        assert_eq!(problem, "The changes after 2 are not in the log. The rule goes on from 4.");
        let open = "CVE-3 on device-1 [CVE-3/device-1 open] Open";
        assert_eq!(told(&world).await, ["CVE-1 on device-1 [CVE-1/device-1 gone] Open", open]);
        // A finding that comes back is noted in the incident that holds it.
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!(world.told(5).await, ["opened 1/1 CVE-1"]);
        assert_eq!(told(&world).await, ["CVE-1 on device-1 [CVE-1/device-1 open] Open", open]);
    }
}
