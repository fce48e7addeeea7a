//! Health and schedules over the management API.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::served::{ServedHost, with};
use crate::support::answer;

fn schedule(name: &str) -> Value {
    json!({
        "name": name, "site": "Security Operations", "integration": "gate", "command": "Change", "everyMinutes": 5,
        "parameters": { "Note": "hello" }, "alertTo": ["soc@example.com", "webhook:operations"],
    })
}

#[tokio::test]
async fn a_schedule_is_made_seen_changed_hurried_and_deleted_and_each_is_in_the_audit_log() {
    for host in ServedHost::on_both().await {
        host.connection("Main").await;
        let (status, made) = host.send("POST", "/schedules", &schedule("Hourly")).await;
        let path = format!("/schedules/{}", made["id"]);
        let expected = json!({
            "id": made["id"], "name": "Hourly", "site": "Security Operations", "siteInactive": null, "integration": "gate",
            "connection": "Main", "user": "Admin", "command": "Change", "parameters": { "Note": "hello" },
            "everyMinutes": 5, "cron": null, "timeZone": null, "active": true,
            "alertTo": ["soc@example.com", "webhook:operations"], "alertAfter": 1, "nextDueAt": made["nextDueAt"],
            "lastRunAt": null, "failed": false, "lastError": null,
        });
        assert_eq!((status, &made), (201, &expected));
        let noted =
            |command: String, status| (command, status, true, "Security Operations".to_owned(), "Hourly".to_owned());
        assert_eq!(host.noted().await, noted("POST /api/manage/v1/schedules".to_owned(), 201));
        assert_eq!(host.get(&path).await, (200, made.clone()));
        assert_eq!(host.get("/schedules").await, (200, json!([made])));
        assert_eq!(host.get("/schedules?site=security%20operations").await, (200, json!([made])));
        assert_eq!(host.get("/schedules?site=Client").await, (200, json!([])));

        let (status, changed) = host.send("PATCH", &path, &json!({ "cron": "30 2 * * *", "alertAfter": 2 })).await;
        let zone = host.stage.site.time_zone.clone();
        let now = json!({
            "everyMinutes": null, "cron": "30 2 * * *", "timeZone": zone, "alertAfter": 2,
            "nextDueAt": changed["nextDueAt"],
        });
        assert_eq!((status, &changed), (200, &with(made.clone(), &now)));
        assert_eq!(host.noted().await, noted(format!("PATCH /api/manage/v1{path}"), 200));
        let moved = json!({ "timeZone": "Asia/Tokyo" });
        assert_eq!(host.send("PATCH", "/sites/Security%20Operations", &moved).await.0, 200);
        let (_, there) = host.get(&path).await;
        assert_eq!(there["timeZone"], "Asia/Tokyo", "a cron expression counts in its site's time zone");
        assert_ne!(there["nextDueAt"], changed["nextDueAt"]);

        let (status, hurried) = answer(host.call("POST", &format!("{path}/run"))).await;
        assert_eq!(status, 200);
        assert!(hurried["nextDueAt"].as_i64() < there["nextDueAt"].as_i64(), "{hurried}");
        assert_eq!(host.noted().await, noted(format!("POST /api/manage/v1{path}/run"), 200));
        assert_eq!(host.get(&format!("{path}/runs")).await, (200, json!({ "runs": [] })));
        host.send("PATCH", &path, &json!({ "active": false })).await;
        let (status, refused) = answer(host.call("POST", &format!("{path}/run"))).await;
        assert!(status == 422 && refused.to_string().contains("not active"), "{refused}");

        assert_eq!(answer(host.call("DELETE", &path)).await.0, 200);
        assert_eq!(host.noted().await, noted(format!("DELETE /api/manage/v1{path}"), 200));
        for (method, path) in [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/runs"))] {
            assert_eq!(answer(host.call(method, &path)).await.0, 404, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_scheduled_is_refused_and_nothing_is_made() {
    for host in ServedHost::on_both().await {
        host.connection("Main").await;
        host.send("POST", "/schedules", &schedule("Hourly")).await;
        for (change, status, said) in [
            (json!({ "name": "HOURLY" }), 409, "exists already"),
            (json!({ "name": "" }), 422, "is empty"),
            (json!({ "site": "Nowhere" }), 404, "There is no site"),
            (json!({ "integration": "gaet" }), 422, "Did you mean"),
            (json!({ "connection": "Other" }), 422, "There is no connection"),
            (json!({ "command": "Coffee" }), 422, "Coffee"),
            (json!({ "parameters": { "Nope": 1 } }), 422, "Nope"),
            (json!({ "everyMinutes": 0 }), 422, "1 to 527040"),
            (json!({ "everyMinutes": null }), 422, "Give either an interval"),
            (json!({ "cron": "* * * * *" }), 422, "either an interval"),
            (json!({ "everyMinutes": null, "cron": "nightly" }), 422, "five fields"),
            (json!({ "alertTo": ["canary"] }), 422, "Expected a mail address"),
            (json!({ "alertTo": vec!["a@example.com"; 21] }), 422, "at most 20"),
            (json!({ "alertAfter": 101 }), 422, "1 to 100"),
            (json!({ "everyMinutes": "canary" }), 400, "everyMinutes: expected a whole number, found a text"),
            (json!({ "colour": 1 }), 400, "unknown field"),
        ] {
            let (answered, body) = host.send("POST", "/schedules", &with(schedule("New"), &change)).await;
            assert!(answered == status && body.to_string().contains(said), "{change}: {answered} {body}");
        }
        let (_, all) = host.get("/schedules").await;
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        for id in ["0", "x", "99999"] {
            assert_eq!(host.get(&format!("/schedules/{id}")).await.0, 404);
        }
        // The health check of a connection is none of these.
        let (_, main) = host.get("/connections").await;
        host.send("PATCH", &format!("/connections/{}", main[0]["id"]), &json!({ "healthCheckMinutes": 5 })).await;
        for id in 1..=3 {
            let (_, seen) = host.get(&format!("/schedules/{id}")).await;
            assert!(seen.get("Error").is_some() || seen["name"] == "Hourly", "{seen}");
        }
    }
}

#[tokio::test]
async fn how_connections_fare_is_listed_the_worst_first_and_each_has_its_history() {
    for host in ServedHost::on_both().await {
        for name in ["Good", "Bad", "New"] {
            host.connection(name).await;
        }
        let (_, all) = host.get("/connections").await;
        let id = |name: &str| {
            let one = all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
            one["id"].as_i64().unwrap()
        };
        let test = async |name: &str| answer(host.call("POST", &format!("/connections/{}/test", id(name)))).await.1;
        assert_eq!(test("Good").await["passed"], true);
        host.stage.gate.state.tests_fail.store(true, Ordering::SeqCst);
        assert_eq!(test("Bad").await["passed"], false);
        let (status, table) = host.get("/health").await;
        assert_eq!(status, 200);
        let names: Vec<_> = table["connections"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["Bad", "New", "Good"]);
        assert_eq!(
            table["states"],
            json!({ "Degraded": 0, "Failing": 1, "Healthy": 1, "Recovering": 0, "Stale": 0, "Unknown": 1 })
        );
        let bad = &table["connections"][0];
        assert_eq!(
            (&bad["state"], &bad["checked"], &bad["nextDueAt"]),
            (&json!("Failing"), &json!(false), &json!(null))
        );
        assert!(bad["lastError"].as_str().unwrap().starts_with("Test Connection failed."), "{bad}");
        // The manifest of this integration has no errors.
        assert_eq!(
            (&bad["lastErrorCode"], &bad["lastErrorCause"], &bad["lastErrorCure"]),
            (&json!("not-permitted"), &Value::Null, &Value::Null)
        );
        assert_eq!(table["connections"][2]["uptimeDay"], json!({ "passed": 1, "failed": 0 }));
        assert_eq!(host.get("/health?state=Failing&limit=1").await.1["connections"][0]["name"], "Bad");
        assert_eq!(host.get("/health?site=Client").await.1["connections"], json!([]));
        for (query, status) in [("?state=Bad", 400), ("?limit=0", 400), ("?limit=1001", 400), ("?site=Nowhere", 404)] {
            assert_eq!(host.get(&format!("/health{query}")).await.0, status, "{query}");
        }
        let path = format!("/connections/{}/health", id("Bad"));
        let (_, history) = host.get(&path).await;
        assert_eq!(
            (history["checks"].as_array().unwrap().len(), &history["checks"][0]["result"]),
            (1, &json!("Failing"))
        );
        let due = history["checks"][0]["dueAt"].as_i64().unwrap();
        assert_eq!(host.get(&format!("{path}?before={due}")).await.1["checks"], json!([]));
        assert_eq!(host.get("/connections/99999/health").await.0, 404);
        // A test by hand shows its own result at once, and counts as one pass.
        host.stage.gate.state.tests_fail.store(false, Ordering::SeqCst);
        for state in ["Recovering", "Healthy"] {
            assert_eq!(test("Bad").await["passed"], true);
            let (_, table) = host.get(&format!("/health?state={state}")).await;
            let shown = table["connections"].as_array().unwrap().iter().find(|one| one["name"] == "Bad").unwrap();
            assert_eq!(shown["state"], state);
        }
        assert_eq!(host.get("/alerts/waiting").await, (200, json!([])));
        assert!(!format!("{table}{history}").contains("canary"));
    }
}
