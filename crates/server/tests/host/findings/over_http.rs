//! Findings over HTTP.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use soar_host::access::{KeyRequest, issue_key};
use soar_host::alerts::Couriers;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_server::serve;
use soar_store::model::Moment;

use super::world::{FindingsWorld, host};
use crate::support::key_request;

#[tokio::test]
async fn a_collection_is_made_by_the_host_and_its_changes_are_read_by_number() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
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
        let (client, url) = (reqwest::Client::new(), format!("{}/api/manage/v1/findings", running.url()));
        let get = async |path: &str| client.get(format!("{url}{path}")).header("d3key", &key).send().await.unwrap();
        let made =
            client.post(format!("{url}/collections")).header("d3key", &key).json(&json!({})).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        // The call waits until the change is there.
        let changes = get("/changes?after=0&wait=60").await;
        assert_eq!(changes.headers()["content-type"], "application/x-ndjson");
        assert_eq!(changes.headers()["findings-through"], "1");
        let text = changes.text().await.unwrap();
        let change: Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!((change["kind"].as_str(), change["finding"]["cve"][0].as_str()), (Some("opened"), Some("CVE-1")));
        assert_eq!((change["connection"].as_str(), change["baseline"].as_bool()), (Some("production"), Some(true)));
        let path = format!("/collections/{}", made["id"]);
        let mut shown = Value::Null;
        for _ in 0..600 {
            shown = get(&path).await.json().await.unwrap();
            if shown["ended"] == true {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(
            (shown["tenants"][0]["status"].as_str(), shown["tenants"][0]["opened"].as_i64()),
            (Some("Whole"), Some(1))
        );
        let beyond = get("/changes?after=9").await;
        assert_eq!(beyond.status(), 410);
        assert_eq!(beyond.json::<Value>().await.unwrap()["goOnFrom"], 1);
        let list: Value = get("?status=open").await.json().await.unwrap();
        let id = list["findings"][0]["findingId"].as_str().unwrap().to_owned();
        let one: Value = get(&format!("/items/{id}")).await.json().await.unwrap();
        assert_eq!((one["findingId"].as_str(), one["changes"][0]["sequence"].as_i64()), (Some(id.as_str()), Some(1)));
        assert_eq!(get("/items/1.2.3").await.status(), 404);
        assert_eq!(get("/changes?format=xml").await.status(), 400);
        let array = get("/changes?format=json").await;
        assert_eq!(array.headers()["content-type"], "application/json");
        assert_eq!(array.json::<Vec<Value>>().await.unwrap(), [change]);
        let none = get("/changes?after=1&format=json").await.json::<Vec<Value>>().await.unwrap();
        assert!(none.is_empty(), "{none:?}");
        for after in ["", "&after=0", "&after=1"] {
            let csv = get(&format!("/changes?format=csv{after}")).await.text().await.unwrap();
            assert!(csv.starts_with("Sequence,At,Change"), "{after}: {csv}");
        }
        assert_eq!(get("/changes?after=-1").await.status(), 400);
        let remove = async |query: &str, once: &str| {
            let call = client.delete(format!("{url}/tenants?{query}")).header("d3key", &key);
            let answer = call.header("Idempotency-Key", once).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let tenant = format!("connection={}&tenant=1", world.connection);
        assert_eq!(remove("tenant=1", "a").await.0, 400);
        assert_eq!(remove(&tenant.replace("tenant=1", "tenant=9"), "b").await.0, 404);
        let (status, removed) = remove(&tenant, "c").await;
        assert_eq!(
            (status, removed["tenantName"].as_str(), removed["connection"].as_str()),
            (200, Some("Tenant 1"), Some("production"))
        );
        assert!(removed["later"].as_str().unwrap().contains("begins again with a baseline"), "{removed}");
        assert_eq!(remove(&tenant, "c").await, (200, removed), "a repeat under the Idempotency-Key");
        assert_eq!(remove(&tenant, "d").await.0, 404);
        assert_eq!(get("/tenants").await.json::<Value>().await.unwrap(), json!([]));
        assert_eq!(get(&format!("/items/{id}")).await.status(), 404);
        running.shutdown().await.unwrap();
    }
}
