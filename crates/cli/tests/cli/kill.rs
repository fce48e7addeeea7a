//! `kill -9` of the host at random times during bulk commands. No acknowledged change is lost, no call is done in part,
//! and no call is done twice. `FOOTPRINT_KILL_ROUNDS` sets the number of rounds. The default is 5.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::instance::{HostProcess, Instance};
use serde_json::{Value, json};

/// The callers at once, the calls of each in a round, and the incidents of each call.
const CALLERS: usize = 4;
const CALLS: usize = 12;
const ITEMS: usize = 20;

/// Each check reads the whole store, so an instance has a limited number of rounds.
const ROUNDS_OF_AN_INSTANCE: usize = 10;

/// A bulk command on incidents that no other call touches.
#[derive(Debug, Clone)]
struct BulkCall {
    /// The name of the call. It is also its Idempotency-Key, and in a closed incident's conclusion.
    name: String,
    command: &'static str,
    incidents: Vec<String>,
}

impl BulkCall {
    fn new(round: usize, caller: usize, number: usize) -> Self {
        let name = format!("call-{round}-{caller}-{number}.");
        let command = ["CloseIncidentInBulk", "UpdateIncidentSiteInBulk", "LinkIncidentToExistingCases"][number % 3];
        let incidents = (0..ITEMS).map(|item| format!("{round}-{caller}-{number}-{item}")).collect();
        Self { name, command, incidents }
    }

    fn body(&self) -> Value {
        let parameters = match self.command {
            "CloseIncidentInBulk" => json!({
                "Incident Numbers": self.incidents, "Bypass Required Pending Tasks": "No", "Username": "Admin",
                "Conclusion": self.name,
            }),
            "UpdateIncidentSiteInBulk" => json!({ "Incident Numbers": self.incidents, "Site": "Moved To" }),
            _ => json!({ "Case Numbers": ["case"], "Incident ID List": self.incidents }),
        };
        json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": parameters })
    }

    /// Sends it. Returns the answer's bytes, or `None` if no answer came.
    async fn send(&self, client: &reqwest::Client, url: &str, key: &str) -> Option<(String, String)> {
        let request = client.post(format!("{url}/VSOC/api/Command/{}", self.command)).json(&self.body());
        let response = request.header("d3key", key).header("Idempotency-Key", &self.name).send().await.ok()?;
        assert_eq!(response.status(), 200, "{}", self.name);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let text = response.text().await.ok()?;
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&answer["error"], &answer["returnData"]), (&json!(""), &json!("Successful")), "{text}");
        Some((id, text))
    }

    /// How often the call was done to an incident, by the content of the store.
    fn times_done(&self, incident: &Value) -> usize {
        match self.command {
            "CloseIncidentInBulk" => {
                let closed = usize::from(incident["status"] == "Closed");
                let times = incident["conclusion"].as_str().unwrap_or_default().matches(&self.name).count();
                assert_eq!(closed, times.min(1), "half closed: {incident}");
                times
            }
            "UpdateIncidentSiteInBulk" => usize::from(incident["site"] == "Moved To"),
            _ => incident["cases"].as_array().map_or(0, Vec::len),
        }
    }
}

struct Round {
    number: usize,
    /// The calls, with their answers if there are any.
    calls: Vec<(BulkCall, Option<(String, String)>)>,
}

/// Lets callers call, and kills the server during the calls.
async fn cut_short(instance: &Instance, number: usize) -> Round {
    let rows =
        (0..CALLERS).flat_map(|caller| (0..CALLS).flat_map(move |call| BulkCall::new(number, caller, call).incidents));
    let rows: String =
        rows.map(|incident| format!("{{\"number\":\"{incident}\",\"site\":\"Security Operations\"}}\n")).collect();
    import(instance, "incident", rows);
    let mut server = instance.serve();
    let (url, key): (Arc<str>, Arc<str>) = (url(&server).into(), key(instance).into());
    let answered = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (url, key, client) = (Arc::clone(&url), Arc::clone(&key), reqwest::Client::new());
            let answered = Arc::clone(&answered);
            tokio::spawn(async move {
                let mut calls = Vec::new();
                for call in (0..CALLS).map(|call| BulkCall::new(number, caller, call)) {
                    let answer = call.send(&client, &url, &key).await;
                    answered.fetch_add(1, Ordering::Relaxed);
                    calls.push((call, answer));
                }
                calls
            })
        })
        .collect();
    // During the calls, however fast they are: after some of them, and then at a random time of the next ones.
    let enough = fastrand::usize(0..CALLERS * CALLS * 3 / 4);
    while answered.load(Ordering::Relaxed) < enough {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_micros(fastrand::u64(0..20_000))).await;
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let mut calls = Vec::new();
    for caller in callers {
        calls.extend(caller.await.unwrap());
    }
    Round { number, calls }
}

fn import(instance: &Instance, what: &str, rows: String) {
    let mut command = instance.footprint([what, "import", "-", "--format", "ndjson"]);
    command.write_stdin(rows).assert().success();
}

fn url(server: &HostProcess) -> &str {
    server.ready["url"].as_str().unwrap()
}

fn key(instance: &Instance) -> &str {
    instance.made["key"].as_str().unwrap()
}

/// All incidents by number.
fn stored(instance: &Instance) -> BTreeMap<String, Value> {
    let rows = instance.successful(["incident", "export", "--format", "ndjson"]);
    let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.map(|row| (row["number"].as_str().unwrap().to_owned(), row)).collect()
}

/// The effect of a round in the store, before and after its unanswered calls are repeated.
async fn check(instance: &Instance, round: &Round) -> (usize, usize) {
    let before = stored(instance);
    let (mut acknowledged, mut done_unanswered) = (0, 0);
    for (call, answer) in &round.calls {
        let mut times: Vec<_> = call.incidents.iter().map(|incident| call.times_done(&before[incident])).collect();
        times.dedup();
        assert_eq!(times.len(), 1, "round {}: {} is half done", round.number, call.name);
        assert!(times[0] <= 1, "round {}: {} was done {} times", round.number, call.name, times[0]);
        match answer {
            Some(_) => assert_eq!(times[0], 1, "round {}: {} was acknowledged and is lost", round.number, call.name),
            None => done_unanswered += times[0],
        }
        acknowledged += usize::from(answer.is_some());
    }
    let server = instance.serve();
    let client = reqwest::Client::new();
    for (call, answer) in &round.calls {
        let again = call.send(&client, url(&server), key(instance)).await.unwrap();
        if let Some((_, first)) = answer {
            assert_eq!(&again.1, first, "round {}: {} is answered differently", round.number, call.name);
        }
    }
    drop(server);
    all_done_once(&stored(instance), round);
    let audit = instance.successful(["audit", "--output", "ndjson", "--limit", "100000"]);
    let entries: Vec<Value> = audit.lines().map(|entry| serde_json::from_str(entry).unwrap()).collect();
    for (_, answer) in &round.calls {
        if let Some((id, _)) = answer {
            let times = entries.iter().filter(|entry| entry["requestId"] == id.as_str()).count();
            assert_eq!(times, 1, "round {}: {id} in the audit log", round.number);
        }
    }
    (acknowledged, done_unanswered)
}

/// The results of rounds.
#[derive(Debug, Default)]
struct BulkTally {
    calls: usize,
    acknowledged: usize,
    done_unanswered: usize,
}

async fn survive(instance: &Instance, rounds: Range<usize>) -> BulkTally {
    let settings = instance.path().join("host.toml");
    let unlimited = std::fs::read_to_string(&settings).unwrap() + "\nrequests-per-second = 0\n";
    std::fs::write(&settings, unlimited).unwrap();
    instance.successful(["site", "add", "Moved To", "--kind", "internal"]);
    import(instance, "case", r#"{"number":"case","site":"Security Operations"}"#.to_owned());
    let (mut tally, mut past) = (BulkTally::default(), Vec::new());
    for number in rounds {
        let round = cut_short(instance, number).await;
        let (answered, unanswered) = check(instance, &round).await;
        tally.calls += round.calls.len();
        tally.acknowledged += answered;
        tally.done_unanswered += unanswered;
        past.push(round);
    }
    // A later kill must not undo an earlier round.
    let after = stored(instance);
    for round in &past {
        all_done_once(&after, round);
    }
    tally
}

fn all_done_once(stored: &BTreeMap<String, Value>, round: &Round) {
    for (call, _) in &round.calls {
        for incident in &call.incidents {
            assert_eq!(call.times_done(&stored[incident]), 1, "round {}: {} on {incident}", round.number, call.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_killed_amid_bulk_commands_loses_and_repeats_nothing() {
    let rounds = std::env::var("FOOTPRINT_KILL_ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let mut totals = [BulkTally::default(), BulkTally::default()];
    for first in (0..rounds).step_by(ROUNDS_OF_AN_INSTANCE) {
        let range = first..rounds.min(first + ROUNDS_OF_AN_INSTANCE);
        let [sqlite, postgres] = Instance::on_both();
        let (sqlite, postgres) = tokio::join!(survive(&sqlite, range.clone()), survive(&postgres, range));
        for (total, tally) in totals.iter_mut().zip([sqlite, postgres]) {
            total.calls += tally.calls;
            total.acknowledged += tally.acknowledged;
            total.done_unanswered += tally.done_unanswered;
        }
    }
    for (store, BulkTally { calls, acknowledged, done_unanswered }) in ["SQLite", "PostgreSQL"].into_iter().zip(totals)
    {
        println!(
            "{store}: {rounds} kills; of {calls} calls {acknowledged} were acknowledged, {done_unanswered} were done \
             without an answer; nothing lost, nothing half done, nothing twice"
        );
    }
}
