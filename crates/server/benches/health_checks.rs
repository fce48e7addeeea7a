//! Connection Health Check at size: thousands of connections checked once a minute against the simulator, on one node.
//! Host, scheduler and simulator are one process, so the figures of CPU and memory include the simulator.
//!
//! `cargo bench --profile dist -p soar-server --bench health_checks -- [connections] [seconds] [sqlite|postgres]`;
//! 10,000 connections for 600 seconds on SQLite unless said otherwise. Every check logs in afresh over HTTP. It prints how
//! many due checks are missing from the history or were run twice, how late they began, and what they cost; it ends with
//! status 1 when one is missing, double, or the 99th percentile of lateness is 2 s or more. SQLite commits durably;
//! PostgreSQL is the tests' own, which does not wait for the disk and whose CPU is not counted.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a measurement that cannot be made can only end")]

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use coda_footprint::FootprintPlugin;
use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::json;
use soar_connector::SystemClock;
use soar_host::alerts::Couriers;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::scheduler::{ExecutorRunner, Scheduler, SchedulerSettings, WorkRunner};
use soar_host::sealing::Keyring;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::model::{
    Allowed, Cadence, Caller, CheckResult, ConnectionId, Moment, RunReport, Schedule, ScheduleKind, SiteKind,
    percentiles,
};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewSite, NewUser};
use tokio::sync::watch;

/// The interval between checks of a connection, in milliseconds.
const INTERVAL_MS: i64 = 60_000;

/// The lateness in milliseconds from which a check counts as missing.
const PATIENCE_MS: i64 = 10_000;

/// Counts the checks of each connection, independently of the history.
struct CountingRunner {
    inner: ExecutorRunner,
    runs: Mutex<HashMap<ConnectionId, usize>>,
}

#[async_trait]
impl WorkRunner for CountingRunner {
    async fn check(&self, schedule: &Schedule) -> CheckResult {
        *self.runs.lock().unwrap().entry(schedule.what.connection_id).or_default() += 1;
        self.inner.check(schedule).await
    }

    async fn run(&self, schedule: &Schedule) -> Option<RunReport> {
        self.inner.run(schedule).await
    }
}

fn now() -> Moment {
    Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// The use of this process so far: seconds of CPU, and the peak of memory in MiB.
fn used() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    (ticks / 100.0, kib / 1024.0)
}

struct Arguments {
    connections: i64,
    seconds: i64,
    engine: Engine,
}

fn arguments() -> Arguments {
    let mut arguments = Arguments { connections: 10_000, seconds: 600, engine: Engine::Sqlite };
    let mut numbers = 0;
    // Ignore the flags that Cargo adds.
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with("--")) {
        match argument.as_str() {
            "sqlite" => arguments.engine = Engine::Sqlite,
            "postgres" => arguments.engine = Engine::Postgres,
            number => {
                let number = number.parse().expect("a number, sqlite or postgres");
                if numbers == 0 {
                    arguments.connections = number
                } else {
                    arguments.seconds = number
                }
                numbers += 1;
            }
        }
    }
    arguments
}

async fn connections_to(simulator: &Simulator, test: &TestStore, count: i64, keys: &std::path::Path) -> Connections {
    let store = test.store.clone();
    let keyring = Keyring::create_file(keys).unwrap();
    let registry = PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
    let vault = Vault::with_environment(VaultSettings::default(), |_| None);
    let clock = Arc::new(SystemClock::new());
    let connections = Connections::new(store.clone(), Arc::new(registry), keyring, vault, clock);
    let mut transaction = store.transaction().await.unwrap();
    let site = NewSite {
        name: "Security Operations".to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    };
    let site = transaction.records().create_site(&site, now()).await.unwrap();
    let user = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
    let user = transaction.records().create_user(&user, now()).await.unwrap();
    transaction.commit().await.unwrap();
    let caller = Caller {
        user,
        site,
        roles: Default::default(),
        reach: Allowed::All,
        key: None,
        request_id: "bench".to_owned(),
    };
    let account = simulator.user(UserKind::Administrator);
    for number in 1..=count {
        let draft = json!({"integration": "coda-footprint", "name": format!("Production {number}"),
            "site": "Security Operations", "healthCheckMinutes": 1, "active": false,
            "parameters": {"Server URL": simulator.url(), "User Name": account.user_name,
                "Password": account.password, "Requests per Second": "10000", "Requests in Flight": "1000"}});
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        let mut transaction = store.transaction().await.unwrap();
        connections.create_in(&mut transaction.records(), &caller, draft).await.unwrap();
        transaction.commit().await.unwrap();
    }
    connections
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { connections: count, seconds, engine } = arguments();
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let test = TestStore::on(engine).await;
    let folder = tempfile::TempDir::new().unwrap();
    let started = Instant::now();
    let connections = connections_to(&simulator, &test, count, &folder.path().join("keys")).await;
    println!("{count} connections made in {:.1} s on {engine:?}.", started.elapsed().as_secs_f64());
    let store = test.store.clone();
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let runner =
        Arc::new(CountingRunner { inner: ExecutorRunner::new(executor, store.clone()), runs: Mutex::default() });
    let clock = Arc::new(SystemClock::new());
    let settings = SchedulerSettings::default();
    let courier = Arc::new(Couriers::default());
    let scheduler = Scheduler::new(store.clone(), clock, runner.clone(), courier, settings);

    // Activate all at once, so that each is due in time from the beginning.
    let mut transaction = store.transaction().await.unwrap();
    let mut first_due = HashMap::new();
    for schedule in transaction.records().health_table(ScheduleKind::HealthCheck).await.unwrap() {
        let (Schedule { id, mut what, .. }, _) = schedule;
        what.active = true;
        let changed = transaction.records().change_schedule(id, &what).await.unwrap();
        first_due.insert(id, changed.next_due_at);
    }
    transaction.commit().await.unwrap();
    let begun = now();
    let (cpu_before, memory_before) = used();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(Arc::new(scheduler).serve(stopped));
    let mut next = Instant::now();
    for minute in 0.. {
        let left = seconds - now().milliseconds_since(begun) / 1000;
        if left <= 0 {
            break;
        }
        next += Duration::from_secs(10.min(left.cast_unsigned()));
        tokio::time::sleep_until(next.into()).await;
        // The simulator records its requests for tests, so clear them.
        simulator.clear_requests();
        if minute % 6 == 5 {
            let backlog = store.reader().await.unwrap().records().backlog().await.unwrap();
            let (cpu, memory) = used();
            println!(
                "{:4} s: {backlog:?}, CPU {:.0} s, {memory:.0} MiB",
                now().milliseconds_since(begun) / 1000,
                cpu - cpu_before
            );
        }
    }
    let until = now();
    let (cpu, memory) = used();
    tokio::time::sleep(Duration::from_millis(PATIENCE_MS.cast_unsigned())).await;
    stop.send(true).unwrap();
    serving.await.unwrap();

    let (mut due, mut missing, mut failed, mut in_history) = (0_usize, 0_usize, 0_usize, 0_usize);
    let (mut lateness, mut latencies, mut doubled) = (Vec::new(), Vec::new(), 0_usize);
    let cadence = Cadence::Every { interval_ms: INTERVAL_MS };
    let mut reader = store.reader().await.unwrap();
    for (schedule, _) in reader.records().health_table(ScheduleKind::HealthCheck).await.unwrap() {
        let connection = schedule.what.connection_id;
        let checks = reader.records().checks(connection, Moment::MAX, 100_000).await.unwrap();
        in_history += checks.len();
        let started: HashMap<_, _> = checks.iter().map(|check| (check.due_at, check.started_at)).collect();
        let mut at = first_due[&schedule.id];
        while at < until {
            due += 1;
            match started.get(&at) {
                Some(started_at) => lateness.push(started_at.milliseconds_since(at)),
                None => missing += 1,
            }
            at = cadence.next_due(at, at).unwrap();
        }
        failed += checks.iter().filter(|check| check.detail.is_some()).count();
        latencies.extend(checks.iter().map(|check| check.latency_ms));
        doubled += runner.runs.lock().unwrap().get(&connection).copied().unwrap_or(0).abs_diff(checks.len());
    }
    let late = percentiles(lateness.clone()).unwrap();
    let took = percentiles(latencies).unwrap();
    let cores = (cpu - cpu_before) / until.since(begun).as_secs_f64();
    println!("due {due}, missing {missing}, run twice {doubled}, not healthy {failed}, in the history {in_history}");
    println!("lateness: {late:?}, most {} ms; latency: {took:?}", lateness.iter().max().unwrap());
    let run: usize = runner.runs.lock().unwrap().values().sum();
    #[allow(clippy::cast_precision_loss, reason = "below 2^52")]
    let (per_check, per_connection) =
        ((cpu - cpu_before) * 1000.0 / run as f64, (memory - memory_before) * 1024.0 / count as f64);
    println!(
        "CPU: {:.1} s, {cores:.2} cores, {per_check:.2} ms a check, simulator included in the same process",
        cpu - cpu_before
    );
    println!("memory: {memory:.0} MiB at the most, of which {per_connection:.1} KiB a connection came with the checks");
    let is_good = missing == 0 && doubled == 0 && late.p99_ms < 2000;
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
