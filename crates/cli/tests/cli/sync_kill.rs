//! `kill -9` of master and tenant at random times during a sync. Each connection has its old or its new state, and
//! repeating the sync finishes it and changes nothing else. `FOOTPRINT_SYNC_KILL_ROUNDS` sets the number of rounds of
//! each. The default is 3.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::instance::{HostProcess, Instance};
use crate::sync::MasterAndTenant;

/// Connections that stay, and change in every round.
const STAYING: usize = 8;

/// The round of a connection on the tenant, by its description and its health check.
fn round_of(connection: &Value) -> usize {
    let said: usize = connection["description"].as_str().unwrap().parse().unwrap();
    let minutes = connection["healthCheck"]["everyMinutes"].as_u64().unwrap();
    let user = connection["parameters"]["User Name"].as_str().unwrap();
    assert_eq!(minutes, said as u64 + 1, "half applied: {connection}");
    assert_eq!(user, format!("user-{said}@example.com"), "half applied: {connection}");
    assert_eq!(connection["parameters"]["Password"], json!({ "secret": true }));
    assert_eq!(connection["owner"]["master"], "Master");
    said
}

/// The tenant's connections by name, with the round and the version of each.
fn on_tenant(tenant: &Instance) -> BTreeMap<String, (usize, i64)> {
    let all = tenant.json(["connection", "list"]);
    let all = all.as_array().unwrap().iter();
    all.map(|one| (one["name"].as_str().unwrap().to_owned(), (round_of(one), one["version"].as_i64().unwrap())))
        .collect()
}

fn form(name: &str, round: usize) -> Value {
    json!({
        "integration": "coda-footprint", "name": name, "site": "Security Operations", "tenant": "TestTenant",
        "description": round.to_string(), "healthCheckMinutes": round + 1,
        "parameters": {
            "Server URL": "http://127.0.0.1:9", "User Name": format!("user-{round}@example.com"),
            "Password": format!("secret-{round}"),
        },
    })
}

struct SyncClient {
    client: reqwest::Client,
    key: String,
}

impl SyncClient {
    async fn manage(&self, server: &HostProcess, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/api/manage/v1{path}", server.url());
        let request = self.client.request(method.parse().unwrap(), url).header("d3key", &self.key).json(body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{method} {path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// The answer to a sync of all shared connections, if it came.
    async fn sync(&self, url: String) -> Option<Value> {
        let body = json!({
            "Username": "Admin", "Site": "Security Operations",
            "CommandParams": {
                "Sync All Shared": "True", "Tenant Region": "AMER", "Tenant Name": "TestTenant",
                "Tenant Site": "TenantSite",
            },
        });
        let request = self.client.post(format!("{url}SyncConnection")).header("d3key", &self.key).json(&body);
        request.send().await.ok()?.json().await.ok()
    }
}

/// Prepares the master's connections of a round: staying connections change, one is new, one is removed.
async fn prepare(caller: &SyncClient, master: &HostProcess, ids: &mut BTreeMap<String, i64>, round: usize) {
    for number in 0..STAYING {
        let name = format!("staying-{number}");
        let mut form = form(&name, round);
        match ids.get(&name) {
            Some(id) => {
                form.as_object_mut().unwrap().remove("integration");
                caller.manage(master, "PATCH", &format!("/connections/{id}"), &form).await;
            }
            None => {
                let made = caller.manage(master, "POST", "/connections", &form).await;
                ids.insert(name, made["id"].as_i64().unwrap());
            }
        }
    }
    let name = format!("passing-{round}");
    let made = caller.manage(master, "POST", "/connections", &form(&name, round)).await;
    ids.insert(name, made["id"].as_i64().unwrap());
    if let Some(id) = round.checked_sub(1).and_then(|before| ids.remove(&format!("passing-{before}"))) {
        caller.manage(master, "DELETE", &format!("/connections/{id}"), &json!({})).await;
    }
}

fn expected(round: usize) -> BTreeMap<String, usize> {
    let staying = (0..STAYING).map(|number| (format!("staying-{number}"), round));
    staying.chain([(format!("passing-{round}"), round)]).collect()
}

async fn survive(pair: MasterAndTenant, store: &str) {
    let rounds: usize = std::env::var("FOOTPRINT_SYNC_KILL_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let MasterAndTenant { master, tenant, mut serving_master, mut serving_tenant } = pair;
    let address = |server: &HostProcess| server.url().trim_start_matches("http://").to_owned();
    let (master_address, tenant_address) = (address(&serving_master), address(&serving_tenant));
    let key = master.made["key"].as_str().unwrap().to_owned();
    let caller = SyncClient { client: reqwest::Client::new(), key };
    let commands = |server: &HostProcess| server.ready["commands"].as_str().unwrap().to_owned();
    let mut ids = BTreeMap::new();
    prepare(&caller, &serving_master, &mut ids, 0).await;
    let started = Instant::now();
    assert_eq!(caller.sync(commands(&serving_master)).await.unwrap()["returnData"], "Successful");
    let usual = started.elapsed();
    let mut unfinished = 0;
    for round in 1..=rounds * 2 {
        prepare(&caller, &serving_master, &mut ids, round).await;
        let before = on_tenant(&tenant);
        let kills_master = round % 2 == 0;
        let sync = caller.sync(commands(&serving_master));
        let kill = async {
            tokio::time::sleep(usual.mul_f64(fastrand::f64()).min(Duration::from_secs(5))).await;
            (if kills_master { &mut serving_master } else { &mut serving_tenant }).kill();
        };
        let (answer, ()) = tokio::join!(sync, kill);
        // Each connection has its old or its new state.
        let after = on_tenant(&tenant);
        let wanted = expected(round);
        for (name, (is_of, _)) in &after {
            assert!(wanted.get(name) == Some(is_of) || before[name].0 == *is_of, "round {round}: {name} is of {is_of}");
        }
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            assert!(!wanted.contains_key(name), "round {round}: {name} is lost");
        }
        let was_finished =
            after.iter().map(|(name, (is_of, _))| (name.clone(), *is_of)).collect::<BTreeMap<_, _>>() == wanted;
        unfinished += usize::from(!was_finished);
        if kills_master {
            serving_master = master.serve_on(&master_address);
        } else {
            serving_tenant = tenant.serve_on(&tenant_address);
        }
        // Changes in the answer were made. The retry finishes the failed ones.
        match answer {
            Some(answer) if answer["returnData"] == "Successful" => assert!(was_finished, "round {round}: {answer}"),
            Some(_) => {
                let run = master.json(["tenant", "runs", "list"])[0]["id"].to_string();
                master.successful(["utility", "sync-connection", "--retry-failed", &run]);
            }
            None => assert_eq!(caller.sync(commands(&serving_master)).await.unwrap()["returnData"], "Successful"),
        }
        let finished = on_tenant(&tenant);
        let rounds_of: BTreeMap<_, _> = finished.iter().map(|(name, (is_of, _))| (name.clone(), *is_of)).collect();
        assert_eq!(rounds_of, wanted, "round {round}");
        for (name, (is_of, version)) in &after {
            if wanted.get(name) == Some(is_of) {
                assert_eq!(finished[name].1, *version, "round {round}: {name} was changed again");
            }
        }
        assert_eq!(caller.sync(commands(&serving_master)).await.unwrap()["returnData"], "Successful");
        assert_eq!(on_tenant(&tenant), finished, "round {round}: a repeat changed something");
    }
    println!(
        "{store}: {rounds} kills of the master and {rounds} of the tenant; {unfinished} syncs were cut off before their \
         end; nothing was half applied, and repeating finished each"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_amid_which_the_master_or_the_tenant_is_killed_leaves_nothing_half_applied() {
    let pairs = std::thread::spawn(|| {
        let ([one, two], [three, four]) = (Instance::on_both(), Instance::on_both());
        for instance in [&one, &two, &three, &four] {
            instance.set("requests-per-second = 0\n");
        }
        (MasterAndTenant::over([one, three]), MasterAndTenant::over([two, four]))
    });
    let (sqlite, postgres) = pairs.join().unwrap();
    tokio::join!(survive(sqlite, "SQLite"), survive(postgres, "PostgreSQL"));
}
