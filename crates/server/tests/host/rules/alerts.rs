//! Alerts of rules, and the limit per collection.

use serde_json::json;

use super::world::{add, incidents, messages, shown};
use crate::findings::world::FindingsWorld;

async fn with_baseline() -> Vec<FindingsWorld> {
    let worlds = FindingsWorld::on_both().await;
    for world in &worlds {
        world.lister.set("1", 9, "CVE-0", "open", 5.0);
        world.collect().await;
    }
    worlds
}

#[tokio::test]
async fn a_rule_makes_at_most_n_incidents_about_a_collection_and_one_alert_has_the_number_of_the_others() {
    for world in with_baseline().await {
        let then = json!({ "incident": { "onePer": "device", "alertTo": ["soc@example.com", "webhook:siem"] } });
        add(&world, &json!({ "name": "Devices", "mostPerCollection": 3, "then": then })).await;
        for device in 1..=7 {
            for cve in ["CVE-1", "CVE-2"] {
                world.lister.set("1", device, cve, "open", 5.0);
            }
        }
        world.collect().await;
        let made = incidents(&world).await;
        assert_eq!((made.len(), made.iter().map(|whole| whole.finding_count).sum::<i64>()), (3, 6));
        let sent = messages(&world).await;
        let told: Vec<_> = sent.iter().map(|(to, content)| (to.as_str(), content.left_out)).collect();
        assert_eq!(told, [("soc@example.com", 8), ("webhook:siem", 8)]);
        let problem = shown(&world, "Devices").await.problem.unwrap();
        assert!(problem.contains("3 incidents were made") && problem.contains("8 further findings"), "{problem}");
        // The next collection has its own limit, and an alert is not sent twice.
        world.lister.set("1", 8, "CVE-1", "open", 5.0);
        world.collect().await;
        assert_eq!((incidents(&world).await.len(), messages(&world).await.len()), (4, 2));
    }
}

#[tokio::test]
async fn a_rule_alerts_about_findings_and_counts_those_beyond_its_limit() {
    for world in with_baseline().await {
        let rule = json!({
            "name": "Tell", "when": { "cvssAtLeast": 7 }, "mostPerCollection": 2,
            "then": { "alert": { "to": ["soc@example.com"] } },
        });
        add(&world, &rule).await;
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.lister.set("1", 1, "CVE-2", "open", 7.0);
        world.collect().await;
        let sent = messages(&world).await;
        assert_eq!(sent.len(), 1);
        let finding = &sent[0].1.findings[0];
        assert_eq!(
            (finding.cve.as_str(), finding.device.as_str(), finding.kind.as_str()),
            ("CVE-2", "device-1", "opened")
        );
        assert_eq!((sent[0].1.findings.len(), incidents(&world).await.len()), (1, 0));
        for device in 2..=6 {
            world.lister.set("1", device, "CVE-2", "open", 7.0);
        }
        world.collect().await;
        let sent = messages(&world).await;
        let told: Vec<_> = sent.iter().map(|(_, content)| (content.findings.len(), content.left_out)).collect();
        assert_eq!(told, [(1, 0), (2, 0), (0, 3)]);
    }
}
