//! A webhook that the settings do not have is refused where a caller names it. One that was stored stays.

use serde_json::{Value, json};
use soar_host::scheduler::{ScheduleDraft, Schedules};
use soar_store::model::{ConnectionId, Role};

use crate::direct::DirectConnections as _;
use crate::served::{ServedHost, draft, with};

/// The refusal of the webhook `nope`, after the name of the field.
const REFUSED: &str = "the host's settings have no webhook \"nope\". Expected one of \"operations\". Name one of these, or \
    add \"nope\" to [alerts.webhooks] of the settings and start the host again.";

fn schedule(name: &str, webhook: &str) -> Value {
    json!({
        "name": name, "site": "Security Operations", "integration": "gate", "command": "Change", "everyMinutes": 5,
        "parameters": { "Note": "hello" }, "alertTo": [format!("webhook:{webhook}")],
    })
}

/// The change of a connection that names these webhooks.
fn of_checks(names: &[&str]) -> Value {
    json!({ "healthCheckMinutes": 5, "healthCheckWebhooks": names })
}

/// The same for a schedule.
fn of_alerts(names: &[&str]) -> Value {
    json!({ "alertTo": names.iter().map(|name| format!("webhook:{name}")).collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_webhook_that_the_settings_do_not_have_is_refused_at_its_field() {
    for host in ServedHost::on_both().await {
        let connection = format!("/connections/{}", host.connection("Main").await["id"]);
        let (status, made) = host.send("POST", "/schedules", &schedule("Hourly", "operations")).await;
        assert_eq!(status, 201, "{made}");
        let (checks, alerts) = (of_checks(&["operations", "nope"]), of_alerts(&["operations", "nope"]));
        let new = with(draft("Other"), &checks);
        for (method, path, body, field) in [
            ("POST", "/connections", &new, "Connection Health Check"),
            ("POST", "/connections/test", &new, "Connection Health Check"),
            ("PATCH", connection.as_str(), &checks, "Connection Health Check"),
            ("POST", "/schedules", &schedule("Other", "nope"), "Alert destinations"),
            ("PATCH", format!("/schedules/{}", made["id"]).as_str(), &alerts, "Alert destinations"),
        ] {
            let (status, answer) = host.send(method, path, body).await;
            let said = answer["Error"].as_str().unwrap();
            assert!(status == 422 && said.contains(&format!("{field}: {REFUSED}")), "{method} {path}: {answer}");
        }
        assert_eq!(host.get("/connections").await.1.as_array().unwrap().len(), 1);
        assert_eq!(host.get("/schedules").await.1, json!([made]));
    }
}

#[tokio::test]
async fn only_an_administrator_reads_the_names_of_the_webhooks() {
    for host in ServedHost::on_both().await {
        let stage = &host.stage;
        let manager = stage.caller("manager", &stage.site, &[(stage.site.id, Role::Manager)]).await;
        let new = with(draft("Other"), &of_checks(&["nope"]));
        let refused = stage.create(&manager, new).await.unwrap_err().to_string();
        assert!(refused.ends_with("Ask an administrator for the names of the webhooks."), "{refused}");
        stage.gate("Main").await;
        let draft: ScheduleDraft = serde_json::from_value(schedule("Hourly", "nope")).unwrap();
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let schedules = Schedules::new(stage.executor.connections().clone());
        let refused = schedules.create_in(&mut transaction.records(), &manager, draft).await.unwrap_err().to_string();
        assert!(refused.ends_with("Ask an administrator for the names of the webhooks."), "{refused}");
        assert!(!refused.contains("operations"), "{refused}");
    }
}

#[tokio::test]
async fn a_stored_webhook_that_the_settings_no_longer_have_stays_until_it_is_replaced() {
    for host in ServedHost::on_both().await {
        let id = ConnectionId(host.connection("Main").await["id"].as_i64().unwrap());
        let administrator = host.stage.administrator().await;
        // The host before its settings were changed.
        let earlier = host.stage.executor.connections().clone();
        let earlier = earlier.with_webhooks(["removed".to_owned()].into_iter().collect());
        let checks = serde_json::from_value(of_checks(&["removed"])).unwrap();
        earlier.update(&administrator, id, checks).await.unwrap();
        let draft: ScheduleDraft = serde_json::from_value(schedule("Hourly", "removed")).unwrap();
        let mut transaction = host.stage.test.store.transaction().await.unwrap();
        let schedules = Schedules::new(earlier);
        let made = schedules.create_in(&mut transaction.records(), &administrator, draft).await.unwrap();
        transaction.commit().await.unwrap();
        for (path, is_schedule) in [(format!("/connections/{id}"), false), (format!("/schedules/{}", made.id), true)] {
            let told = if is_schedule { of_alerts } else { of_checks };
            for (change, expected) in [
                (json!({ "name": "Renamed" }), 200),
                (json!({ "active": false }), 200),
                (told(&["removed", "operations"]), 200),
                (told(&["removed", "nope"]), 422),
                (told(&["operations"]), 200),
                (told(&["removed"]), 422),
            ] {
                let (status, answer) = host.send("PATCH", &path, &change).await;
                assert_eq!(status, expected, "{path} {change}: {answer}");
            }
        }
    }
}
