//! Keys that may not manage read the findings that their owners may see.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use soar_host::access::{KeyRequest, issue_key};
use soar_host::alerts::Couriers;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_server::serve;
use soar_store::NewUser;
use soar_store::model::{Allowed, Moment, Role};

use super::world::{FindingsWorld, host};
use crate::support::{key_request, site};

#[tokio::test]
async fn a_key_that_may_not_manage_reads_the_findings_that_its_owner_sees_on_its_sites() {
    for world in FindingsWorld::on_both().await {
        world.lister.set("1", 1, "CVE-1", "open", 5.0);
        world.collect().await;
        let mut transaction = world.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let there = records.create_site(&site("Elsewhere"), Moment(1)).await.unwrap().id;
        for (name, place) in [("siem", world.site), ("stranger", there)] {
            let user = NewUser { name: name.to_owned(), email: None, is_administrator: false };
            let user = records.create_user(&user, Moment(1)).await.unwrap();
            records.set_role(user.id, place, Role::Manager).await.unwrap();
        }
        let only = |name: &str| Allowed::Only(vec![name.to_owned()]);
        let keyring = Keyring::generate().unwrap();
        let mut keys = Vec::new();
        for (name, request) in [
            ("siem", KeyRequest { sites: only("security operations"), ..key_request("here", "siem") }),
            ("siem elsewhere", KeyRequest { sites: only("elsewhere"), ..key_request("there", "Admin") }),
            ("stranger", key_request("other", "stranger")),
            ("commands", KeyRequest { commands: only("listdevices"), ..key_request("commands", "siem") }),
        ] {
            let key = issue_key(&mut records, &keyring, &request, Moment(1)).await.unwrap().text.to_string();
            keys.push((name, key));
        }
        transaction.commit().await.unwrap();
        let settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        let (connections, settings, _) = host(world.test.store.clone(), &world.lister, settings);
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let host = soar_host::Host::with_schedules(settings, executor, Arc::new(Couriers::default())).unwrap();
        let running = serve(host).await.unwrap();
        let (client, url) = (reqwest::Client::new(), format!("{}/api/manage/v1/findings", running.url()));
        let mut seen = Vec::new();
        for (name, key) in &keys {
            let get = async |path: &str| {
                let answer = client.get(format!("{url}{path}")).header("d3key", key).send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            };
            let (status, changes) = get("/changes").await;
            let (_, list) = get("").await;
            seen.push((*name, status, changes.matches("\"findingId\"").count(), list.matches("\"findingId\"").count()));
            // It reads, and nothing else.
            assert_eq!(get("/deliveries").await.0, 403);
            let made = client.post(format!("{url}/collections")).header("d3key", key).json(&json!({}));
            let made = made.timeout(Duration::from_secs(60)).send().await.unwrap();
            assert_eq!(made.status(), 403, "{:?}", made.json::<Value>().await);
        }
        let (found, none) = ((200, 1, 1), (200, 0, 0));
        let expected = [("siem", found), ("siem elsewhere", none), ("stranger", none), ("commands", (403, 0, 0))];
        assert_eq!(seen, expected.map(|(name, (status, changes, list))| (name, status, changes, list)));
        running.shutdown().await.unwrap();
    }
}
