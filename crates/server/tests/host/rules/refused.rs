//! Rules that cannot be used are refused with the field, what was expected, and what to do.

use serde_json::json;
use soar_host::findings::EnrichmentFiles;
use soar_host::operations::RuleToPlan;
use soar_host::rules::RuleChange;
use soar_host::settings::HostSettings;

use super::world::{add, incidents, rule, rules, shown};
use crate::findings::world::FindingsWorld;

#[tokio::test]
async fn a_rule_that_cannot_be_used_is_refused() {
    for world in FindingsWorld::on_both().await {
        for (given, problem) in [
            (json!({ "name": " ", "then": { "incident": {} } }), "The name of the rule is empty"),
            (json!({ "name": "A", "on": [], "then": { "incident": {} } }), "on: expected opened, reopened or changed"),
            (
                json!({ "name": "A", "mostPerCollection": 0, "then": { "incident": {} } }),
                "mostPerCollection: expected 1 to 1000",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "title": "{x}" } } }),
                "then.incident.title: there is no member \"x\"",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "type": "\u{0}" } } }),
                "then.incident.type: expected 1 to 200",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "site": "Nowhere" } } }),
                "then.incident.site: There is no site \"Nowhere\"",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "owner": "Nobody" } } }),
                "then.incident.owner: there is no active user \"Nobody\"",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "alertTo": ["soc"] } } }),
                "then.incident.alertTo: Expected a mail address",
            ),
            (
                json!({ "name": "A", "then": { "incident": { "alertTo": ["webhook:siem", "webhook:nope"] } } }),
                "then.incident.alertTo: the host's settings have no webhook \"nope\". Expected one of \"siem\".",
            ),
            (
                json!({ "name": "A", "then": { "alert": { "to": ["webhook:nope"] } } }),
                "then.alert.to: the host's settings have no webhook \"nope\".",
            ),
            (
                json!({ "name": "A", "then": { "alert": { "to": [] } } }),
                "then.alert.to: expected at least one destination",
            ),
            (
                json!({ "name": "A", "when": { "connections": ["other"] }, "then": { "incident": {} } }),
                "when.connections: there is no connection \"other\"",
            ),
        ] {
            let error =
                world.operations().create_finding_rule(&world.context, &rule(&given)).await.unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        add(&world, &json!({ "name": "Critical", "then": { "incident": {} } })).await;
        let twice = rule(&json!({ "name": " CRITICAL ", "then": { "incident": {} } }));
        let error = world.operations().create_finding_rule(&world.context, &twice).await.unwrap_err().to_string();
        assert!(error.contains("exists already"), "{error}");
    }
}

#[tokio::test]
async fn a_rule_keeps_a_webhook_that_the_settings_no_longer_have_and_gets_no_other_one() {
    for world in FindingsWorld::on_both().await {
        // The host before its settings were changed.
        let mut earlier = world.operations().clone();
        let removed = ["removed".to_owned()].into_iter().collect();
        earlier.connections = earlier.connections.map(|connections| connections.with_webhooks(removed));
        let then = |to: &[&str]| json!({ "then": { "alert": { "to": to } } });
        let old = rule(&json!({ "name": "Old", "then": then(&["webhook:removed"])["then"] }));
        let id = earlier.create_finding_rule(&world.context, &old).await.unwrap().id;
        let change = async |given: serde_json::Value| {
            let given: RuleChange = serde_json::from_value(given).unwrap();
            let changed = world.operations().change_finding_rule(&world.context, id, &given).await;
            changed.map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(change(json!({ "name": "Renamed" })).await, Ok(()));
        assert_eq!(change(then(&["webhook:removed", "webhook:siem"])).await, Ok(()));
        for active in [true, false] {
            assert_eq!(change(json!({ "active": active })).await, Ok(()));
            let refused = change(then(&["webhook:removed", "webhook:nope"])).await.unwrap_err();
            assert!(refused.contains("then.alert.to: the host's settings have no webhook \"nope\"."), "{refused}");
        }
        let plan = RuleToPlan { rule: old, days: 1 };
        let refused = world.operations().plan_finding_rule(&world.context, &plan).await.unwrap_err().to_string();
        assert!(refused.contains("no webhook \"removed\""), "{refused}");
    }
}

#[tokio::test]
async fn a_rule_on_kev_waits_while_the_catalog_cannot_be_read_and_then_goes_on() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let folder = tempfile::tempdir().unwrap();
        let catalog = folder.path().join("kev.json");
        std::fs::write(&catalog, "{").unwrap();
        let mut settings = HostSettings::default();
        settings.findings.enrichment = EnrichmentFiles { kev: Some(catalog.clone()), epss: None };
        let findings = std::sync::Arc::new(soar_host::findings::Findings::new(settings.findings));
        let with_files = soar_host::rules::Rules::new(world.operations().connections.clone().unwrap(), findings);
        add(&world, &json!({ "name": "A", "when": { "kev": true }, "then": { "incident": {} } })).await;
        add(&world, &json!({ "name": "B", "active": false, "then": { "incident": {} } })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        let made = world.operations().collect_findings(&world.context, &Default::default()).await.unwrap();
        let executor = world.operations().executor.clone().unwrap();
        soar_host::findings::FindingCollector::new(executor, Default::default())
            .finish(made.id, &|_| ())
            .await
            .unwrap();
        with_files.run_due().await;
        let waits = shown(&world, "A").await;
        assert!(waits.problem.unwrap().contains("The rule waits: The file") && waits.after < waits.last_sequence);
        let text =
            r#"{"dateReleased": "2026-11-01", "vulnerabilities": [{"cveID": "CVE-2", "dateAdded": "2026-10-01"}]}"#;
        std::fs::write(&catalog, text).unwrap();
        // The host reads a file again when its time has changed.
        let file = std::fs::File::options().write(true).open(&catalog).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
        with_files.run_due().await;
        assert_eq!(shown(&world, "A").await.problem, None);
        let made = incidents(&world).await;
        assert_eq!((made.len(), made[0].findings[0].cve.as_str()), (1, "CVE-2"));
        assert!(made[0].findings[0].evidence.contains("CISA KEV listed"), "{made:?}");
        // Without a catalog nothing is known, so no finding meets the condition.
        world.lister.set("1", 2, "CVE-2", "open", 5.0);
        world.collect().await;
        rules(&world).run_due().await;
        assert_eq!(incidents(&world).await.len(), 1);
    }
}
