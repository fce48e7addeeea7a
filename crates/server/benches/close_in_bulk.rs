//! Close Incident in Bulk of 10,000 incidents, beside the bare SQL of the same effect, in small and large stores.
//!
//! Both engines; command and bare SQL take turns in one run. `cargo bench --profile dist -p soar-server --bench
//! close_in_bulk`; `BENCH_LARGE_STORE=100000` makes the large store smaller. SQLite commits durably; PostgreSQL is the
//! tests' own, which does not wait for the disk. The bench exits with status 1 when a ratio is above its target.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on can only end")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use soar_connector::Parameters;
use soar_host::utility;
use soar_store::model::{Allowed, Caller, Moment, SiteKind};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewIncident, NewSite, NewUser, Store};

const CLOSED: usize = 10_000;
const ROUNDS: usize = 15;
const NOW: Moment = Moment(1_611_756_480_000);
/// The greatest ratios: of the command's time to the bare SQL's, and of an item's time in a large store to a small
/// store.
const MOST: f64 = 2.0;
const MOST_IN_LARGE: f64 = 1.3;
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
    Caller { user, site, roles: BTreeMap::new(), reach: Allowed::All, key: None, request_id: "bench".to_owned() }
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

/// The whole command, with the check of its parameters and the serialised answer.
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
    assert_eq!(answer.return_data, utility::CommandResult::Successful);
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

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap());
    values[values.len() / 2]
}

/// The incidents of one measurement, and the times of the command and of the bare SQL in each round.
struct BulkMeasurement<'a> {
    what: String,
    store: &'a Store,
    caller: &'a Caller,
    numbers: Vec<String>,
    rounds: Vec<(Duration, Duration)>,
}

impl<'a> BulkMeasurement<'a> {
    fn new(what: String, (test, caller): &'a (TestStore, Caller), numbers: impl Iterator<Item = usize>) -> Self {
        let mut numbers: Vec<_> = numbers.map(number).collect();
        fastrand::Rng::with_seed(1).shuffle(&mut numbers);
        Self { what, store: &test.store, caller, numbers, rounds: Vec::new() }
    }

    async fn round(&mut self) {
        let by_command = by_command(self.store, self.caller, &self.numbers).await;
        reopen(self.store, &self.numbers).await;
        let by_bare_sql = by_bare_sql(self.store, &self.numbers).await;
        reopen(self.store, &self.numbers).await;
        self.rounds.push((by_command, by_bare_sql));
    }

    /// Prints the medians; returns the ratio.
    fn print(&self) -> f64 {
        let command = median(self.rounds.iter().map(|(command, _)| *command).collect());
        let bare = median(self.rounds.iter().map(|(_, bare)| *bare).collect());
        let ratio =
            median(self.rounds.iter().map(|(command, bare)| command.as_secs_f64() / bare.as_secs_f64()).collect());
        let what = &self.what;
        println!("  {what:<58} command {command:>8.1?}   bare SQL {bare:>8.1?}   ratio {ratio:.2} (target {MOST:.2})");
        ratio
    }
}

/// A store with this number of incidents.
async fn store_with(engine: Engine, incidents: usize) -> (TestStore, Caller) {
    let test = TestStore::on(engine).await;
    let caller = furnish(&test.store).await;
    fill(&test.store, &caller, 0, incidents).await;
    (test, caller)
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut is_good = true;
    let large: usize =
        std::env::var("BENCH_LARGE_STORE").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    println!("Close Incident in Bulk of {CLOSED} incidents: medians of {ROUNDS} rounds after a warm-up");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        println!("{engine:?}");
        let (small_store, large_store) = (store_with(engine, CLOSED).await, store_with(engine, large).await);
        let mut small = BulkMeasurement::new(format!("all of {CLOSED} in the store"), &small_store, 0..CLOSED);
        let mut big =
            BulkMeasurement::new(format!("the newest of {large} in the store"), &large_store, large - CLOSED..large);
        let apart = (0..CLOSED).map(|index| index * (large / CLOSED));
        let mut spread =
            BulkMeasurement::new(format!("spread evenly over {large}, each on a page of its own"), &large_store, apart);
        // In turns, so that other load on the machine affects all measurements.
        for round in 0..=ROUNDS {
            small.round().await;
            big.round().await;
            if round == 0 {
                // The first round warms up the caches.
                small.rounds.clear();
                big.rounds.clear();
            }
        }
        is_good &= small.print().max(big.print()) <= MOST;
        let rounds = big.rounds.iter().zip(&small.rounds);
        let ratio: f64 = median(rounds.map(|((big, _), (small, _))| big.as_secs_f64() / small.as_secs_f64()).collect());
        println!("  per item, {large} in the store against {CLOSED}: ratio {ratio:.2} (target {MOST_IN_LARGE:.2})");
        is_good &= ratio <= MOST_IN_LARGE;
        for _ in 0..ROUNDS {
            spread.round().await;
        }
        is_good &= spread.print() <= MOST;
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
