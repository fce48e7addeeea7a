//! `kill -9` of the host amid a flood of calls without a key: each refusal that a caller read is in the audit log, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::instance::Instance;

/// Callers at once: fewer than may wait for their turn, so each is answered.
const CALLERS: usize = 40;

/// So many refusals a second come in one burst, so there are several bursts to fall into.
const PER_SECOND: usize = 150;

/// Floods the host and kills it amid that; the request ids that callers read.
async fn flood(instance: &Instance) -> Vec<String> {
    let mut server = instance.serve();
    let url: Arc<str> = format!("{}GetIncidents", server.ready["commands"].as_str().unwrap()).into();
    let answered = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (url, answered, client) = (Arc::clone(&url), Arc::clone(&answered), reqwest::Client::new());
            tokio::spawn(async move {
                let mut ids = Vec::new();
                let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} });
                while let Ok(response) = client.post(&*url).json(&body).send().await {
                    assert_eq!(response.status(), 401);
                    ids.push(response.headers()["x-request-id"].to_str().unwrap().to_owned());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                ids
            })
        })
        .collect();
    let enough = fastrand::usize(0..PER_SECOND * 3);
    while answered.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_micros(fastrand::u64(0..10_000))).await;
    server.kill();
    let mut ids = Vec::new();
    for caller in callers {
        ids.extend(caller.await.unwrap());
    }
    assert!(ids.len() >= enough);
    ids
}

async fn survive(instance: &Instance) {
    instance.set(&format!("refused-per-second = {PER_SECOND}\n"));
    let mut read = Vec::new();
    for _ in 0..2 {
        read.extend(flood(instance).await);
    }
    let log = instance.successful(["audit", "--refused", "--output", "ndjson", "--limit", "100000"]);
    let mut times: HashMap<String, usize> = HashMap::new();
    for entry in log.lines().map(|entry| serde_json::from_str::<Value>(entry).unwrap()) {
        assert_eq!((&entry["status"], &entry["reason"]), (&json!(401), &json!("No key was shown.")), "{entry}");
        *times.entry(entry["requestId"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for id in &read {
        assert_eq!(times.get(id), Some(&1), "{id}");
    }
    // What was written and not yet answered is at most one call of each caller and kill.
    assert!(times.len() <= read.len() + 2 * CALLERS, "{} entries about {} answers", times.len(), read.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_amid_a_flood_without_keys_has_every_refusal_that_it_gave_in_its_log() {
    let [sqlite, postgres] = Instance::on_both();
    tokio::join!(survive(&sqlite), survive(&postgres));
}
