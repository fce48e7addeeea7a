//! A rule has the rights of the user who added it.

use serde_json::json;
use soar_host::operations::RequestContext;
use soar_store::UserChange;
use soar_store::model::{Allowed, Moment, Role};

use super::world::{add, incidents, rule, shown, told};
use crate::findings::world::{FindingsWorld, new_connection};
use crate::support::site;

#[tokio::test]
async fn a_rule_sees_and_changes_what_its_user_may() {
    for world in FindingsWorld::on_both().await {
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let other = records.create_site(&site("Other"), Moment(1)).await.unwrap().id;
        records.create_connection(&new_connection("elsewhere", other), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let analyst = world.user("Analyst", &[(other, Role::Analyst)]).await;
        let viewer = world.user("Viewer", &[(other, Role::Viewer)]).await;
        let operations = world.operations();
        let wanted = rule(&json!({ "name": "Mine", "then": { "incident": { "title": "{connection}" } } }));
        let error = operations.create_finding_rule(&viewer, &wanted).await.unwrap_err().to_string();
        assert!(error.contains("may not add rules"), "{error}");
        let limited = RequestContext { reach: Allowed::Only([other].into()), ..analyst.clone() };
        let error = operations.create_finding_rule(&limited, &wanted).await.unwrap_err().to_string();
        assert!(error.contains("may not add rules with this key"), "{error}");
        let elsewhere = rule(&json!({ "name": "Mine", "then": { "incident": { "site": "Security Operations" } } }));
        let error = operations.create_finding_rule(&analyst, &elsewhere).await.unwrap_err().to_string();
        assert!(error.contains("then.incident.site: There is no site"), "{error}");
        let mine = operations.create_finding_rule(&analyst, &wanted).await.unwrap();
        add(&world, &json!({ "name": "Admin's", "active": false, "then": { "incident": {} } })).await;
        // Others' rules are not there for a user who is no administrator.
        let seen = operations.list_finding_rules(&analyst).await.unwrap();
        assert_eq!(seen.iter().map(|one| one.rule.name.as_str()).collect::<Vec<_>>(), ["Mine"]);
        assert_eq!(operations.list_finding_rules(&world.context).await.unwrap().len(), 2);
        let theirs = shown(&world, "Admin's").await.id;
        assert!(operations.finding_rule(&analyst, theirs).await.unwrap_err().to_string().contains("no rule"));
        assert!(operations.remove_finding_rule(&analyst, theirs).await.is_err());
        assert!(operations.list_finding_rules(&viewer).await.unwrap().is_empty());
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["elsewhere [CVE-1/device-1 open] Open"]);
        let whole = incidents(&world).await.remove(0);
        assert_eq!((whole.creator.as_str(), whole.incident.site.as_str()), ("Analyst", "Other"));
        // A user who is no longer active has no rights, and neither has the rule. It waits.
        let handled = shown(&world, "Mine").await.after;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let change = UserChange { active: Some(false), ..UserChange::default() };
        transaction.records().update_user("Analyst", &change, Moment(2)).await.unwrap();
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        assert_eq!(incidents(&world).await.len(), 1);
        let waiting = shown(&world, "Mine").await;
        assert_eq!((waiting.id, waiting.after), (mine.id, handled));
        assert!(waiting.problem.unwrap().contains("The user \"Analyst\", whose rights the rule has, is not active."));
        // An administrator can still set it inactive.
        let off = serde_json::from_value(json!({ "active": false })).unwrap();
        assert!(!operations.change_finding_rule(&world.context, mine.id, &off).await.unwrap().rule.active);
    }
}

#[tokio::test]
async fn a_finding_and_its_incidents_lead_to_each_other_as_far_as_the_caller_may_see_them() {
    for world in FindingsWorld::on_both().await {
        let mut transaction = world.test.store.transaction().await.unwrap();
        let other = transaction.records().create_site(&site("Other"), Moment(1)).await.unwrap().id;
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        add(&world, &json!({ "name": "Here", "then": { "incident": {} } })).await;
        add(&world, &json!({ "name": "There", "then": { "incident": { "site": "Other" } } })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 2, "CVE-2", "open", 5.0);
        world.collect().await;
        // Two findings, and two incidents about each of them.
        let all = incidents(&world).await;
        assert_eq!(all.len(), 4);
        let id = all[0].findings[0].finding_id.clone();
        let of_it = |on: &str| -> Vec<String> {
            let about = all.iter().filter(|whole| whole.findings.iter().any(|one| one.finding_id == id));
            let on_site = about.filter(|whole| on.is_empty() || whole.incident.site == on);
            on_site.map(|whole| whole.incident.number.clone()).collect()
        };
        let operations = world.operations();
        let numbers = async |context: &RequestContext| {
            let found = operations.finding(context, &id).await.unwrap().incidents;
            assert!(found.windows(2).all(|two| two[0].created_at >= two[1].created_at), "{found:?}");
            let mut numbers: Vec<_> = found.into_iter().map(|incident| incident.number).collect();
            numbers.sort();
            numbers
        };
        let sorted = |mut numbers: Vec<String>| {
            numbers.sort();
            numbers
        };
        assert_eq!(numbers(&world.context).await, sorted(of_it("")));
        // A user of the connection's site sees the finding, and of its incidents those on this site.
        let here = world.user("Here", &[(world.site, Role::Analyst)]).await;
        let (own, foreign) = (of_it("Security Operations"), of_it("Other"));
        assert_eq!((own.len(), foreign.len()), (1, 1));
        assert_eq!(numbers(&here).await, own);
        // A user of the other site sees an incident with the finding, and cannot open the finding.
        let there = world.user("There", &[(other, Role::Analyst)]).await;
        assert_eq!(operations.incident(&there, &foreign[0]).await.unwrap().findings[0].finding_id, id);
        assert!(operations.finding(&there, &id).await.unwrap_err().to_string().contains("no finding"));
        let ids = [id.clone(), "99.1.unknown".to_owned(), "no id".to_owned(), format!("{id}x")];
        for (context, expected) in [(&world.context, 1), (&here, 1), (&there, 0)] {
            let known = operations.known_findings(context, &ids).await.unwrap();
            assert_eq!(known.len(), expected, "{known:?}");
            assert!(known.iter().all(|one| *one == id), "{known:?}");
        }
        // No more than the limit is read.
        let mut reader = world.test.store.reader().await.unwrap();
        let found = reader.records().incidents_of_finding(&id, &[world.site, other], 1).await.unwrap();
        assert_eq!(found.len(), 1);
        assert!(reader.records().incidents_of_finding(&id, &[], 9).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_owner_who_may_no_longer_see_the_site_is_replaced_by_system() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let owner = world.user("Owner", &[(world.site, Role::Analyst)]).await;
        add(&world, &json!({ "name": "A", "then": { "incident": { "owner": "owner" } } })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!(incidents(&world).await[0].incident.owner.as_deref(), Some("Owner"));
        let mut transaction = world.test.store.transaction().await.unwrap();
        transaction.records().remove_role(owner.user.id, world.site).await.unwrap();
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        assert_eq!(incidents(&world).await[1].incident.owner.as_deref(), Some("System"));
        let problem = shown(&world, "A").await.problem.unwrap();
        assert!(problem.contains("no active user \"Owner\"") && problem.contains("The owner is System"), "{problem}");
    }
}
