//! Close Incident in Bulk of 10,000 incidents, beside the bare SQL of the same effect, in small and large stores.
//!
//! Both engines; command and bare SQL take turns in one run. `cargo bench -p soar-host --features testing --bench
//! close_in_bulk`; `BENCH_LARGE_STORE=100000` makes the large store smaller. SQLite commits durably; PostgreSQL is the
//! tests' own, which does not wait for the disk.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on can only end")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use soar_connector::Parameters;
use soar_host::model::{Caller, SiteKind};
use soar_host::store::{Engine, NewIncident, NewSite, NewUser, Store};
use soar_host::testing::TestStore;
use soar_host::utility;

const CLOSED: usize = 10_000;
const ROUNDS: usize = 7;
const NOW: i64 = 1_611_756_480_000;
const CONCLUSION: &str = "The incident was closed in bulk.";

async fn furnish(store: &Store) -> Caller {
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    let site = NewSite {
        name: "Security Operations".to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    };
    let site = records.create_site(&site, NOW).await.unwrap();
    let user = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
    let user = records.create_user(&user, NOW).await.unwrap();
    transaction.commit().await.unwrap();
    Caller { user, site, roles: BTreeMap::new(), key: None, request_id: "bench".to_owned() }
}

fn number(index: usize) -> String {
    format!("20210127-{index}")
}

async fn fill(store: &Store, caller: &Caller, from: usize, to: usize) {
    for start in (from..to).step_by(CLOSED) {
        let incidents: Vec<_> = (start..to.min(start + CLOSED))
            .map(|index| NewIncident {
                title: format!("Suspicious sign-in {index}"),
                description: "A user signed in from two countries within an hour.".to_owned(),
                incident_type: "Phishing".to_owned(),
                ..NewIncident::open(number(index), caller.site.id, "Admin", NOW)
            })
            .collect();
        let mut transaction = store.transaction().await.unwrap();
        transaction.records().insert_incidents(&incidents).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().settle().await.unwrap();
    transaction.commit().await.unwrap();
}

async fn reopen(store: &Store, numbers: &[String]) {
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().bare_reopen(numbers).await.unwrap();
    transaction.commit().await.unwrap();
}

/// All of the command: parameters are checked, the answer is written out.
async fn by_command(store: &Store, caller: &Caller, numbers: &[String]) -> Duration {
    let raw = json!({
        "Incident Numbers": numbers, "Bypass Required Pending Tasks": "No", "Bypass All Required Fields": "No",
        "Username": "Admin", "Conclusion": CONCLUSION,
    });
    let (command, manifest) = utility::command("CloseIncidentInBulk").unwrap();
    let started = Instant::now();
    let parameters = Parameters::parse(manifest, raw.as_object().unwrap()).unwrap();
    let mut transaction = store.transaction().await.unwrap();
    let answer = command.run(&mut transaction.records(), caller, &parameters, NOW).await.unwrap();
    transaction.commit().await.unwrap();
    let body = serde_json::to_vec(&answer).unwrap();
    let elapsed = started.elapsed();
    assert_eq!(answer.return_data, utility::Ended::Successful);
    assert!(body.len() > numbers.len() * 100);
    elapsed
}

async fn by_bare_sql(store: &Store, numbers: &[String]) -> Duration {
    let started = Instant::now();
    let mut transaction = store.transaction().await.unwrap();
    let closed = transaction.records().bare_close(numbers, "Admin", CONCLUSION, NOW).await.unwrap();
    transaction.commit().await.unwrap();
    let elapsed = started.elapsed();
    assert_eq!(closed, numbers.len() as u64);
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The medians of the command and the bare SQL, which take turns.
async fn measure(store: &Store, caller: &Caller, numbers: &[String], what: &str) -> Duration {
    let (mut command, mut bare) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let by_command = by_command(store, caller, numbers).await;
        reopen(store, numbers).await;
        let by_bare_sql = by_bare_sql(store, numbers).await;
        reopen(store, numbers).await;
        // The first round finds everything cold.
        if round > 0 {
            command.push(by_command);
            bare.push(by_bare_sql);
        }
    }
    let (command, bare) = (median(command), median(bare));
    let ratio = command.as_secs_f64() / bare.as_secs_f64();
    println!("  {what:<52} command {command:>9.1?}   bare SQL {bare:>9.1?}   ratio {ratio:.2} (target 2.00)");
    command
}

#[tokio::main]
async fn main() {
    let large: usize =
        std::env::var("BENCH_LARGE_STORE").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    println!("Close Incident in Bulk of {CLOSED} incidents, median of {ROUNDS} rounds after a warm-up");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        println!("{engine:?}");
        let test = TestStore::on(engine).await;
        let caller = furnish(&test.store).await;
        fill(&test.store, &caller, 0, CLOSED).await;
        let newest = |of: usize| -> Vec<String> {
            let mut numbers: Vec<_> = (of - CLOSED..of).map(number).collect();
            fastrand::Rng::with_seed(1).shuffle(&mut numbers);
            numbers
        };
        let small = measure(&test.store, &caller, &newest(CLOSED), &format!("all of {CLOSED} in the store")).await;
        fill(&test.store, &caller, CLOSED, large).await;
        let big = measure(&test.store, &caller, &newest(large), &format!("the newest of {large} in the store")).await;
        let ratio = big.as_secs_f64() / small.as_secs_f64();
        println!("  per item, {large} in the store against {CLOSED}: ratio {ratio:.2} (target 1.30)");
        let mut spread: Vec<_> = (0..CLOSED).map(|index| number(index * (large / CLOSED))).collect();
        fastrand::Rng::with_seed(2).shuffle(&mut spread);
        measure(&test.store, &caller, &spread, &format!("spread evenly over {large} (each on a page of its own)"))
            .await;
    }
}
