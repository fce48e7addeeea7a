//! Which incidents a rule makes.

use serde_json::json;
use soar_store::AuditFilter;
use soar_store::model::{Moment, Severity};

use super::world::{add, incidents, shown, told};
use crate::findings::world::{FindingsWorld, new_connection};
use crate::support::site;

#[tokio::test]
async fn a_rule_makes_an_incident_that_holds_its_findings_and_appends_further_ones() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-2024-1", "open", 9.8);
        add(&world, &json!({ "name": "Critical", "when": { "cvssAtLeast": 9 }, "then": { "incident": { "onePer": "device" } } }))
            .await;
        world.collect().await;
        assert_eq!(told(&world).await, Vec::<String>::new(), "the baseline is skipped");
        world.lister.set("1", 1, "CVE-2024-2", "open", 9.1);
        world.lister.set("1", 1, "CVE-2024-3", "open", 8.9);
        world.lister.set("1", 2, "CVE-2024-2", "fixed", 9.1);
        world.lister.set("1", 2, "CVE-2024-3", "accepted", 9.1);
        world.collect().await;
        assert_eq!(told(&world).await, ["Findings on device-1 [CVE-2024-2/device-1 open] Open"]);
        let whole = incidents(&world).await.remove(0);
        let incident = &whole.incident;
        assert_eq!((incident.severity, incident.incident_type.as_str()), (Severity::Critical, "Vulnerability"));
        assert_eq!((incident.site.as_str(), incident.owner.as_deref()), ("Security Operations", Some("System")));
        assert_eq!((whole.creator.as_str(), whole.finding_count), ("Admin", 1));
        let finding = &whole.findings[0];
        assert_eq!((finding.address.as_str(), finding.tenant.as_str()), ("10.0.0.1", "Tenant 1"));
        assert!(finding.evidence.contains("nginx; CVSS 9.1") && finding.first_seen.starts_with("20"), "{finding:?}");
        let raw: serde_json::Value = serde_json::from_str(whole.raw_data.as_deref().unwrap().get()).unwrap();
        assert_eq!((raw["rule"].as_str(), raw["findings"][0]["cve"].as_str()), (Some("Critical"), Some("CVE-2024-2")));
        let value = |name: &str| {
            let field = whole.fields.iter().find(|field| field.section == "Findings" && field.name == name).unwrap();
            field.value.clone().unwrap()
        };
        assert_eq!(
            (value("CVE"), value("Device"), value("Not Fixed")),
            ("CVE-2024-2".into(), "device-1".into(), "1".into())
        );
        assert!(
            value("List").contains("CVE-2024-2 on device-1 (10.0.0.1), Tenant 1, first seen "),
            "{}",
            value("List")
        );
        // A further finding of the device is appended to the open incident.
        world.lister.set("1", 1, "CVE-2024-4", "open", 10.0);
        world.collect().await;
        assert_eq!(
            told(&world).await,
            ["Findings on device-1 [CVE-2024-2/device-1 open, CVE-2024-4/device-1 open] Open"]
        );
        let whole = incidents(&world).await.remove(0);
        assert_eq!(whole.description.lines().count(), 3, "{}", whole.description);
        assert!(whole.description.contains("CVE-2024-4 on device-1 opened: nginx"), "{}", whole.description);
        let raw: serde_json::Value = serde_json::from_str(whole.raw_data.as_deref().unwrap().get()).unwrap();
        assert_eq!((raw["findingCount"].as_i64(), whole.incident.version.0 > 1), (Some(2), true));
        // Without further changes nothing happens.
        world.collect().await;
        assert_eq!(incidents(&world).await[0].incident.version, whole.incident.version);
        let shown = shown(&world, "Critical").await;
        assert_eq!((shown.after, shown.problem), (shown.last_sequence, None));
        // The audit log has the changes that the rule made.
        let mut reader = world.test.store.reader().await.unwrap();
        let filter = AuditFilter { command: Some("rule \"Critical\"".to_owned()), ..AuditFilter::default() };
        let entries = reader.records().audit(&filter, 100).await.unwrap();
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(
            format!("{entries:?}").contains("made ") && format!("{entries:?}").contains("appended to "),
            "{entries:?}"
        );
    }
}

#[tokio::test]
async fn an_incident_is_about_a_finding_a_device_or_a_cve() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 9, "CVE-0", "open", 1.0);
        world.lister.set("2", 9, "CVE-0", "open", 1.0);
        world.collect().await;
        for per in ["finding", "device", "cve"] {
            // The tenants of a CVE's incident are read at once, so any of them may be the first.
            let rest = if per == "cve" { "" } else { " {device} {tenant}" };
            let title = format!("{per} {{cve}}{rest}");
            let then = json!({ "incident": { "onePer": per, "title": title, "severity": "Low", "owner": "Admin" } });
            add(&world, &json!({ "name": per, "then": then })).await;
        }
        for (tenant, device, cve) in [("1", 1, "CVE-1"), ("1", 1, "CVE-2"), ("1", 2, "CVE-1"), ("2", 1, "CVE-1")] {
            world.lister.set(tenant, device, cve, "open", 5.0);
        }
        world.collect().await;
        assert_eq!(
            told(&world).await,
            [
                "cve CVE-1 [CVE-1/device-1 open, CVE-1/device-1 open, CVE-1/device-2 open] Open",
                "cve CVE-2 [CVE-2/device-1 open] Open",
                "device CVE-1 device-1 Tenant 1 [CVE-1/device-1 open, CVE-2/device-1 open] Open",
                "device CVE-1 device-1 Tenant 2 [CVE-1/device-1 open] Open",
                "device CVE-1 device-2 Tenant 1 [CVE-1/device-2 open] Open",
                "finding CVE-1 device-1 Tenant 1 [CVE-1/device-1 open] Open",
                "finding CVE-1 device-1 Tenant 2 [CVE-1/device-1 open] Open",
                "finding CVE-1 device-2 Tenant 1 [CVE-1/device-2 open] Open",
                "finding CVE-2 device-1 Tenant 1 [CVE-2/device-1 open] Open",
            ]
        );
        assert!(incidents(&world).await.iter().all(|whole| whole.incident.owner.as_deref() == Some("Admin")));
    }
}

#[tokio::test]
async fn a_rule_can_ask_for_the_baseline_and_for_reopened_findings_only() {
    for world in FindingsWorld::on_both().await {
        let then = |title: &str| json!({ "incident": { "title": format!("{title} {{change}}") } });
        add(&world, &json!({ "name": "A", "baseline": true, "then": then("baseline") })).await;
        add(&world, &json!({ "name": "B", "on": ["reopened"], "then": then("reopened") })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["baseline opened [CVE-1/device-1 open] Open"]);
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.lister.set("1", 1, "CVE-3", "open", 5.0);
        world.collect().await;
        assert_eq!(
            told(&world).await,
            [
                "baseline opened [CVE-1/device-1 open] Open",
                "baseline opened [CVE-3/device-1 open] Open",
                "baseline reopened [CVE-2/device-1 reopened] Open",
                "reopened reopened [CVE-2/device-1 reopened] Open",
            ]
        );
    }
}

#[tokio::test]
async fn an_inactive_rule_does_nothing_and_goes_on_from_now_once_it_is_active() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let added = add(&world, &json!({ "name": "A", "active": false, "then": { "incident": {} } })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let change = serde_json::from_value(json!({ "active": true })).unwrap();
        world.operations().change_finding_rule(&world.context, added.id, &change).await.unwrap();
        world.lister.set("1", 1, "CVE-2", "open", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["CVE-2 on device-1 [CVE-2/device-1 open] Open"]);
        // The incidents of a rule that was removed stay.
        world.operations().remove_finding_rule(&world.context, added.id).await.unwrap();
        world.lister.set("1", 1, "CVE-2", "fixed", 5.0);
        world.collect().await;
        assert_eq!(told(&world).await, ["CVE-2 on device-1 [CVE-2/device-1 open] Open"]);
    }
}

#[tokio::test]
async fn the_site_is_that_of_the_rule_or_the_recipient_site_of_a_shared_connection() {
    for world in FindingsWorld::on_both().await {
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let other = records.create_site(&site("Events"), Moment(1)).await.unwrap().id;
        records.create_site(&site("Named"), Moment(1)).await.unwrap();
        let shared = |name: &str, recipient| soar_store::NewConnection {
            site: None,
            recipient,
            ..new_connection(name, world.site)
        };
        records.create_connection(&shared("with", Some(other)), Moment(1)).await.unwrap();
        records.create_connection(&shared("without", None), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        world.lister.set("1", 1, "CVE-0", "open", 5.0);
        world.collect().await;
        let title = "{connection}";
        add(&world, &json!({ "name": "A", "then": { "incident": { "title": title } } })).await;
        let then = json!({ "incident": { "title": title, "site": "named", "onePer": "cve" } });
        add(&world, &json!({ "name": "B", "when": { "connections": ["without"] }, "then": then })).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let mut places: Vec<_> =
            incidents(&world).await.into_iter().map(|whole| (whole.incident.title, whole.incident.site)).collect();
        places.sort();
        let expected = [("production", "Security Operations"), ("with", "Events"), ("without", "Named")];
        assert_eq!(places, expected.map(|(title, site)| (title.to_owned(), site.to_owned())));
        let problem = shown(&world, "A").await.problem.unwrap();
        assert!(problem.contains("\"without\" is shared and has no recipient site"), "{problem}");
        assert_eq!(shown(&world, "B").await.problem, None);
    }
}

#[tokio::test]
async fn hostile_names_of_devices_stay_within_the_limits_and_act_on_nobody() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 9, "CVE-0", "open", 5.0);
        world.collect().await;
        add(&world, &json!({ "name": "A", "then": { "incident": { "title": "{device}: {cve}" } } })).await;
        for (device, name) in [
            (1, "web\r\n\u{1b}[31mBcc: x@example.com\u{202e}".to_owned()),
            (2, "A".repeat(100_000)),
            (3, "{cve} {{ 7*7 }} <script>alert(1)</script>".to_owned()),
            (4, "\u{200b} \n".to_owned()),
        ] {
            world.lister.set("1", device, "CVE-1", "open", 5.0);
            world.lister.data().tenants.get_mut("1").unwrap().devices.get_mut(&device).unwrap().name = name;
        }
        world.collect().await;
        let all = incidents(&world).await;
        let mut titles: Vec<_> = all.iter().map(|whole| whole.incident.title.as_str()).collect();
        titles.sort_unstable();
        let long = format!("{}…: CVE-1", "A".repeat(59));
        assert_eq!(
            titles,
            [
                long.as_str(),
                "unknown: CVE-1",
                "web [31mBcc: x@example.com: CVE-1",
                "{cve} {{ 7*7 }} <script>alert(1)</script>: CVE-1",
            ]
        );
        for whole in &all {
            let text = serde_json::to_string(whole).unwrap();
            assert!(text.len() < 20_000 && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
            assert!(whole.findings.iter().all(|one| one.device.chars().count() <= 200), "{text}");
        }
    }
}

#[tokio::test]
async fn a_rule_on_changed_findings_makes_one_incident_about_each_which_notes_further_changes() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 2, "CVE-2", "accepted", 9.5);
        world.collect().await;
        let rule = json!({ "name": "A", "on": ["opened", "reopened", "changed"], "when": { "cvssAtLeast": 9 },
                           "then": { "incident": { "title": "{cve}: {title}" } } });
        let with_changed = add(&world, &rule).await.id;
        add(&world, &json!({ "name": "B", "when": { "cvssAtLeast": 9 }, "then": { "incident": {} } })).await;
        world.lister.set("1", 1, "CVE-1", "open", 9.1);
        world.collect().await;
        assert_eq!(told(&world).await, ["CVE-1: About CVE-1 [CVE-1/device-1 open] Open"], "the score has risen");
        world.lister.set("1", 1, "CVE-1", "accepted", 9.1);
        world.lister.set("1", 2, "CVE-2", "open", 9.5);
        world.collect().await;
        let both = ["CVE-1: About CVE-1 [CVE-1/device-1 open] Open", "CVE-2: About CVE-2 [CVE-2/device-2 open] Open"];
        assert_eq!(told(&world).await, both, "the risk of one is accepted, that of the other no longer");
        let all = incidents(&world).await;
        let first = all.iter().find(|whole| whole.incident.title.starts_with("CVE-1")).unwrap();
        let note = "CVE-1 on device-1 changed: nginx; CVSS 9.1; state accepted";
        assert!(first.description.ends_with(note), "{}", first.description);
        // A closed incident holds its finding too.
        for state in ["fixed", "accepted", "open"] {
            world.lister.set("1", 2, "CVE-2", state, 9.5);
            world.collect().await;
        }
        assert_eq!(told(&world).await, [both[0], "CVE-2: About CVE-2 [CVE-2/device-2 fixed] Closed"]);
        let plan = world.operations().plan_known_finding_rule(&world.context, with_changed, 1).await.unwrap();
        assert_eq!((plan.made, plan.closed), (2, 1));
    }
}
