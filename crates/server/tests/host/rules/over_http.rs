//! Rules over HTTP.

use std::sync::Arc;

use serde_json::{Value, json};
use soar_host::access::{KeyRequest, issue_key};
use soar_host::alerts::Couriers;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_server::serve;
use soar_store::model::Moment;

use crate::findings::world::{FindingsWorld, host};
use crate::support::key_request;

#[tokio::test]
async fn a_rule_is_added_planned_changed_exported_and_removed_and_a_serving_host_applies_it() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-0", "open", 9.0);
        world.collect().await;
        let settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, settings);
        let keyring = Keyring::generate().unwrap();
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let mut transaction = world.test.store.transaction().await.unwrap();
        let request = KeyRequest { may_manage: true, requires_expiry: false, ..key_request("consumer", "Admin") };
        let key = issue_key(&mut transaction.records(), &keyring, &request, Moment(1)).await.unwrap().text.to_string();
        transaction.commit().await.unwrap();
        let host = soar_host::Host::with_schedules(settings, executor, Arc::new(Couriers::default())).unwrap();
        let running = serve(host).await.unwrap();
        let (client, base) = (reqwest::Client::new(), format!("{}/api/manage/v1", running.url()));
        let call = async |method: &str, path: &str, body: Value| {
            let request = client.request(method.parse().unwrap(), format!("{base}{path}")).header("d3key", &key);
            let request = if body.is_null() { request } else { request.json(&body) };
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.json::<Value>().await.unwrap())
        };
        let rule = json!({ "name": "Critical", "when": { "cvssAtLeast": 9.0 }, "then": { "incident": {} } });
        let (status, added) = call("POST", "/findings/rules", rule.clone()).await;
        assert_eq!((status, added["rule"]["mostPerCollection"].as_i64()), (201, Some(100)), "{added}");
        for (wrong, problem) in [
            (json!({ "name": "B", "colour": 1, "then": { "incident": {} } }), "unknown field `colour`"),
            (json!({ "name": "B", "when": { "cvssAtLeast": 11 }, "then": { "incident": {} } }), "when.cvssAtLeast"),
            (json!({ "name": "critical", "then": { "incident": {} } }), "exists already"),
        ] {
            let (status, answer) = call("POST", "/findings/rules", wrong).await;
            assert!((400..500).contains(&status) && answer.to_string().contains(problem), "{status} {answer}");
        }
        world.lister.set("1", 1, "CVE-1", "open", 9.0);
        assert_eq!(call("POST", "/findings/collections", json!({})).await.0, 201);
        let mut incidents = Value::Null;
        for _ in 0..600 {
            incidents = call("GET", "/incidents", Value::Null).await.1;
            if incidents["incidents"][0].is_object() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let number = incidents["incidents"][0]["number"].as_str().unwrap();
        let (_, whole) = call("GET", &format!("/incidents/{number}"), Value::Null).await;
        assert_eq!((whole["findingCount"].as_i64(), whole["findings"][0]["cve"].as_str()), (Some(1), Some("CVE-1")));
        let finding = format!("/findings/items/{}", whole["findings"][0]["findingId"].as_str().unwrap());
        let (status, finding) = call("GET", &finding, Value::Null).await;
        assert_eq!((status, finding["incidents"][0]["number"].as_str()), (200, Some(number)), "{finding}");
        let path = format!("/findings/rules/{}", added["id"]);
        let (status, plan) = call("GET", &format!("{path}/plan?days=1"), Value::Null).await;
        assert_eq!(
            (status, plan["made"].as_i64(), plan["incidents"][0]["title"].as_str()),
            (200, Some(1), Some("CVE-1 on device-1"))
        );
        let draft = json!({ "rule": { "name": "B", "baseline": true, "then": { "incident": { "onePer": "device" } } }, "days": 2 });
        let (status, plan) = call("POST", "/findings/rules/plan", draft).await;
        assert_eq!((status, plan["made"].as_i64(), plan["appended"].as_i64()), (200, Some(1), Some(1)), "{plan}");
        let (status, changed) = call("PATCH", &path, json!({ "active": false, "name": "Off" })).await;
        assert_eq!(
            (status, changed["rule"]["name"].as_str(), changed["version"].as_i64()),
            (200, Some("Off"), Some(2))
        );
        let (_, exported) = call("GET", "/findings/rules/export", Value::Null).await;
        assert_eq!((exported[0]["name"].as_str(), &exported[0]["when"]), (Some("Off"), &rule["when"]));
        let (status, again) = call("GET", &path, Value::Null).await;
        assert_eq!((status, &again["rule"]), (200, &exported[0]));
        assert_eq!(call("DELETE", &path, Value::Null).await.0, 200);
        assert_eq!(call("GET", "/findings/rules", Value::Null).await, (200, json!([])));
        // An exported rule can be added again.
        assert_eq!(call("POST", "/findings/rules", exported[0].clone()).await.0, 201);
        running.shutdown().await.unwrap();
    }
}
