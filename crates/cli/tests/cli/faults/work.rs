//! Bulk commands under Idempotency-Keys, and their effect in the store at the end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::instance::{HostProcess, Instance};

/// The number of incidents that each call closes.
const ITEMS: usize = 100;

/// A client of a host.
pub struct HostClient {
    pub client: reqwest::Client,
    url: String,
    key: String,
}

impl HostClient {
    pub fn of(instance: &Instance, served: &HostProcess) -> Self {
        let key = instance.made["key"].as_str().unwrap().to_owned();
        Self { client: reqwest::Client::new(), url: served.url().to_owned(), key }
    }

    /// Status and `Error` or `returnData` of a call that closes incidents. `None` if no answer came.
    pub async fn close(&self, call: &str) -> Option<(u16, String)> {
        let numbers: Vec<_> = (0..ITEMS).map(|item| format!("{call}-{item}")).collect();
        let parameters = json!({ "Incident Numbers": numbers, "Bypass Required Pending Tasks": "No",
            "Username": "Admin", "Conclusion": format!("{call}.") });
        self.send("CloseIncidentInBulk", parameters, Some(call)).await
    }

    pub async fn read(&self) -> (u16, String) {
        let range = json!({ "Start Time": "2020-01-01 00:00:00", "End Time": "2040-01-01 00:00:00", "Page Index": 0, "Page Size": 10 });
        self.send("GetIncidents", range, None).await.unwrap()
    }

    async fn send(&self, command: &str, parameters: Value, once: Option<&str>) -> Option<(u16, String)> {
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": parameters });
        let call = self.client.post(format!("{}/VSOC/api/Command/{command}", self.url)).json(&body);
        let mut call = call.header("d3key", &self.key);
        if let Some(key) = once {
            call = call.header("Idempotency-Key", key);
        }
        let response = call.send().await.ok()?;
        let (status, body): (_, Value) = (response.status().as_u16(), response.json().await.ok()?);
        let said = if status == 200 { &body["returnData"] } else { &body["Error"] };
        Some((status, said.as_str().unwrap_or_else(|| panic!("{body}")).to_owned()))
    }

    /// Status and text of one of the host's own pages.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Waits until `/readyz` answers with this status.
    pub async fn becomes(&self, status: u16) -> String {
        let begun = Instant::now();
        loop {
            let (now, said) = self.page("/readyz").await;
            if now == status {
                return said;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "{now}: {said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Creates the incidents of these calls, on an instance without a rate limit.
pub fn prepare<'a>(instance: &Instance, calls: impl Iterator<Item = &'a String>) {
    let settings = instance.path().join("host.toml");
    let unlimited = std::fs::read_to_string(&settings).unwrap() + "\nrequests-per-second = 0\n";
    std::fs::write(&settings, unlimited).unwrap();
    let rows: String = calls
        .flat_map(|call| (0..ITEMS).map(move |item| format!("{call}-{item}")))
        .map(|number| format!("{{\"number\":\"{number}\",\"site\":\"Security Operations\"}}\n"))
        .collect();
    // An import that adds nothing is a failure.
    if rows.is_empty() {
        return;
    }
    let mut command = instance.footprint(["incident", "import", "-", "--format", "ndjson"]);
    command.write_stdin(rows).assert().success();
}

/// How often each call was done. Panics if one was done in part.
pub fn times_done<'a>(instance: &Instance, calls: impl Iterator<Item = &'a String>) -> Vec<usize> {
    let rows = instance.successful(["incident", "export", "--format", "ndjson"]);
    let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    let stored: BTreeMap<_, _> = rows.map(|row| (row["number"].as_str().unwrap().to_owned(), row)).collect();
    let times = |call: &String| {
        let mut times: Vec<_> = (0..ITEMS)
            .map(|item| {
                let incident = &stored[&format!("{call}-{item}")];
                let times = incident["conclusion"].as_str().unwrap_or_default().matches(&format!("{call}.")).count();
                assert_eq!(incident["status"] == "Closed", times > 0, "half closed: {incident}");
                times
            })
            .collect();
        times.dedup();
        assert_eq!(times.len(), 1, "{call} is half done");
        times[0]
    };
    calls.map(times).collect()
}
