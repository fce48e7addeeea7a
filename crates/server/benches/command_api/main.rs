//! Throughput and latency of the Command API beside a bare axum handler that runs the same SQL and keeps the same durable
//! entry in the audit log, on the same store and in one run.
//!
//! `cargo bench --profile dist -p soar-server --bench command_api -- [seconds] [connections] [sqlite|postgresql]`. The
//! store is on SQLite, and then on PostgreSQL on the same machine, with durable commits. No two calls are alike. Throughput
//! is of connections that each call as soon as they are answered; both servers take turns, and medians count. Latency is of 1,000 calls a
//! second that come at their times, and counts from then (no coordinated omission). The host's rate limit is off. It ends
//! with status 1 when the host has less than 0.7 of the bare handler's throughput.
//!
//! Entries that wait at the same time share one durable commit, on both servers.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on can only end")]

mod bare;
mod load;

use std::process::ExitCode;
use std::sync::Arc;

use soar_connector::SystemClock;
use soar_host::Host;
use soar_host::access::{KeyRequest, SecretSeal, SecretSealError, issue_key};
use soar_host::commands::CommandRegistry;
use soar_host::settings::HostSettings;
use soar_server::{RunningHost, serve};
use soar_store::model::{Allowed, KeyKind, Moment, SiteKind};
use soar_store::testing::PostgresServer;
use soar_store::{NewIncident, NewSite, NewUser, Store};
use tokio::runtime::Runtime;

use load::{Load, PATH};

/// The page sizes of the calls: small, and as large as a screen.
const PAGES: [usize; 2] = [5, 100];

/// The number of incidents of the site.
const INCIDENTS: usize = 1000;

/// The number of rounds in which the servers take turns.
const TURNS: usize = 7;

/// The calls per second at which latency is measured.
const RATE: u32 = 1000;

/// The least share of the bare handler's throughput.
const TARGET: f64 = 0.7;

#[derive(Debug)]
struct NoSeal;

impl SecretSeal for NoSeal {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SecretSealError> {
        Err(SecretSealError("nothing is sealed here".to_owned()))
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SecretSealError> {
        Err(SecretSealError("nothing is sealed here".to_owned()))
    }
}

fn main() -> ExitCode {
    // Cargo adds flags of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [role, load] = arguments.as_slice()
        && role == "load"
    {
        let load: Load = serde_json::from_str(load).expect("a load");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        println!("{}", serde_json::to_string(&runtime.block_on(load.run())).expect("JSON"));
        return ExitCode::SUCCESS;
    }
    let number = |at: usize, usual: u32| arguments.get(at).map_or(usual, |text| text.parse().expect("a number"));
    let (seconds, connections) = (number(0, 2), number(1, 32));
    let mut is_good = true;
    for store in ["SQLite", "PostgreSQL"] {
        if arguments.get(2).is_some_and(|only| !only.eq_ignore_ascii_case(store)) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = (store == "PostgreSQL").then(PostgresServer::durable);
        let file = || folder.path().join("host.db").display().to_string();
        let address = server.as_ref().map_or_else(file, PostgresServer::new_database);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let servers = runtime.block_on(Servers::start(&address));
        for page in PAGES {
            let load = Load { server: String::new(), key: servers.key.clone(), page, connections, seconds, rate: None };
            println!("{store}: Get Incidents, {page} of {INCIDENTS} incidents, all calls different");
            is_good &= servers.compare(&load, &runtime) >= TARGET;
        }
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The host and the bare handler, on one store.
struct Servers {
    bare: String,
    host: String,
    key: String,
    _running: RunningHost,
}

impl Servers {
    /// Prints throughput and latency of both; returns the host's share of the bare handler's throughput.
    fn compare(&self, load: &Load, runtime: &Runtime) -> f64 {
        runtime.block_on(self.assert_same_answer(load.page));
        let both = [("bare handler", &self.bare), ("Command API", &self.host)];
        let of = |server: &str, rate: Option<u32>| Load { server: server.to_owned(), rate, ..load.clone() };
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            turns.push(both.map(|(_, server)| {
                let before = processor_seconds();
                let measured = of(server, None).measure();
                let each = (processor_seconds() - before) / f64::from(measured.calls) * 1e6;
                (measured.per_second, each)
            }));
        }
        let rates = [0, 1].map(|at| median(turns.iter().map(|turn| turn[at].0)));
        let each = [0, 1].map(|at| median(turns.iter().map(|turn| turn[at].1)));
        let share = median(turns.iter().map(|[bare, host]| host.0 / bare.0));
        let cost = median(turns.iter().map(|[bare, host]| host.1 / bare.1));
        for (at, (name, server)) in both.iter().enumerate() {
            let paced = of(server, Some(RATE)).measure();
            let milliseconds = |microseconds: u64| f64::from(u32::try_from(microseconds).unwrap_or(u32::MAX)) / 1000.0;
            println!(
                "  {name}  {:>7.0} calls/s with {} connections, {:>5.1} µs of processor a call; at {RATE} calls/s p50 {:.2} ms, p99 {:.2} ms",
                rates[at],
                load.connections,
                each[at],
                milliseconds(paced.p50),
                milliseconds(paced.p99),
            );
        }
        println!(
            "  Command API / bare handler: {share:.2} of its calls (target {TARGET:.2}), {cost:.2} times its processor time"
        );
        share
    }

    /// Both must give the same answer to the same call.
    async fn assert_same_answer(&self, page: usize) {
        let mut answers = Vec::new();
        for server in [&self.bare, &self.host] {
            let request = reqwest::Client::new().post(format!("http://{server}{PATH}")).body(load::body(page, 0));
            let request = request.header("content-type", "application/json").header("d3key", &self.key);
            let answer = request.send().await.expect("an answer").error_for_status().expect("a success");
            let answer: serde_json::Value = answer.json().await.expect("JSON");
            assert_eq!(answer["contextData"].as_array().map(Vec::len), Some(page));
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1]);
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long this process has used the processors, in seconds. Linux counts in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

impl Servers {
    async fn start(address: &str) -> Self {
        let store = Store::open(address).await.expect("a store");
        let mut transaction = store.transaction().await.expect("a transaction");
        let mut records = transaction.records();
        let site = NewSite {
            name: "Security Operations".to_owned(),
            kind: SiteKind::Internal,
            description: String::new(),
            time_zone: "UTC".to_owned(),
            language: "en".to_owned(),
        };
        let site = records.create_site(&site, Moment(1)).await.expect("a site");
        let made = 1_611_756_480_000;
        let incidents: Vec<_> = (1..=INCIDENTS)
            .map(|number| NewIncident {
                title: format!("Suspicious sign-in of user {number}"),
                owner: Some("Admin".to_owned()),
                ..NewIncident::open(format!("20210127-{number}"), site.id, "Admin", Moment(made))
            })
            .collect();
        records.insert_incidents(&incidents).await.expect("incidents");
        let admin = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        records.create_user(&admin, Moment(1)).await.expect("a user");
        let request = KeyRequest {
            name: "bench".to_owned(),
            kind: KeyKind::Api,
            owner: "Admin".to_owned(),
            users: Vec::new(),
            sites: Allowed::All,
            commands: Allowed::All,
            may_manage: false,
            requires_expiry: true,
            expires_at: None,
        };
        let issued = issue_key(&mut records, &NoSeal, &request, Moment(1)).await.expect("a key");
        transaction.commit().await.expect("a commit");
        let registry = CommandRegistry::new().with_own_utilities().expect("a registry");
        let settings = HostSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            requests_per_second: 0,
            calls_in_flight: 4096,
            ..HostSettings::default()
        };
        let bare = bare::start(store.clone(), site.id).await;
        let host = Host::new(settings, store, Arc::new(SystemClock::new()), Arc::new(NoSeal), registry);
        let running = serve(host).await.expect("a server");
        let host = running.url().trim_start_matches("http://").to_owned();
        Self { bare, host, key: issued.text.to_string(), _running: running }
    }
}
