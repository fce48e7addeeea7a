//! `kill -9` of the host during refused calls. Each refusal with an entry of its own is in the audit log before the
//! caller reads it, once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::instance::Instance;

/// The callers at once.
const CALLERS: usize = 10;

/// The number of refusals of an address in a minute that have entries of their own.
const OWN_ENTRIES: usize = 50;

/// Sends no more calls than have entries of their own, and kills the host during them. Returns the request ids that
/// callers read.
async fn flood(instance: &Instance) -> Vec<String> {
    let mut server = instance.serve();
    let url: Arc<str> = format!("{}GetIncidents", server.ready["commands"].as_str().unwrap()).into();
    let (sent, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (url, sent, answered) = (Arc::clone(&url), Arc::clone(&sent), Arc::clone(&answered));
            let client = reqwest::Client::new();
            tokio::spawn(async move {
                let mut ids = Vec::new();
                let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} });
                while sent.fetch_add(1, Ordering::Relaxed) < OWN_ENTRIES
                    && let Ok(response) = client.post(&*url).json(&body).send().await
                {
                    assert_eq!(response.status(), 401);
                    ids.push(response.headers()["x-request-id"].to_str().unwrap().to_owned());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                ids
            })
        })
        .collect();
    let enough = fastrand::usize(0..OWN_ENTRIES - CALLERS);
    while answered.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_micros(fastrand::u64(0..2_000))).await;
    server.kill();
    let mut ids = Vec::new();
    for caller in callers {
        ids.extend(caller.await.unwrap());
    }
    assert!(ids.len() >= enough);
    ids
}

async fn survive(instance: &Instance) {
    let mut read = Vec::new();
    for _ in 0..3 {
        read.extend(flood(instance).await);
    }
    let log = instance.successful(["audit", "--refused", "--output", "ndjson", "--limit", "100000"]);
    let mut times: HashMap<String, usize> = HashMap::new();
    for entry in log.lines().map(|entry| serde_json::from_str::<Value>(entry).unwrap()) {
        assert_eq!((&entry["status"], &entry["reason"]), (&json!(401), &json!("The call has no key.")), "{entry}");
        *times.entry(entry["requestId"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for id in &read {
        assert_eq!(times.get(id), Some(&1), "{id}");
    }
    // Entries without a read answer are at most one call per caller and kill.
    assert!(times.len() <= read.len() + 3 * CALLERS, "{} entries about {} answers", times.len(), read.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_amid_refused_calls_has_every_refusal_that_it_gave_in_its_log() {
    let [sqlite, postgres] = Instance::on_both();
    tokio::join!(survive(&sqlite), survive(&postgres));
}
