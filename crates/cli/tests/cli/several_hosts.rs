//! Three hosts on one PostgreSQL: one is killed, one is suspended, and the third has a wrong clock.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command as Process;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use coda_footprint::FootprintPlugin;
use serde_json::json;
use soar_connector::{Clock, SystemClock};
use soar_host::alerts::Couriers;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::scheduler::{ExecutorRunner, Scheduler, SchedulerSettings};
use soar_host::sealing::Keyring;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::Store;
use soar_store::model::{Allowed, Cadence, Caller, Check, HealthState, Moment, Schedule, ScheduleKind};
use tokio::sync::watch;

use crate::instance::{HostProcess, Instance};
use crate::support::SimulatorProcess;

const CONNECTIONS: i64 = 60;

/// Shorter than a form permits, so that the test does not take minutes.
const INTERVAL_MS: i64 = 5_000;

/// How long one host is suspended.
const SUSPENDED: Duration = Duration::from_secs(40);

/// The longest delay of a check: the lease of 15 seconds, and the delays of a busy machine.
const LATEST_MS: i64 = 20_000;

/// The machine's clock, a minute ahead.
#[derive(Debug, Default)]
struct Ahead(SystemClock);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        self.0.now() + Duration::from_secs(60)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

fn now() -> Moment {
    Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// Connections to the simulator, all checked from now on, and a host in this process that checks them too.
async fn connect(instance: &Instance, store: &Store, simulator: &SimulatorProcess) -> (Vec<Schedule>, Arc<Scheduler>) {
    let registry = PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
    let keyring = Keyring::from_file(&instance.path().join("sealing.key")).unwrap();
    let (vault, clock) = (Vault::new(VaultSettings::default()), Arc::new(Ahead::default()));
    let connections = Connections::new(store.clone(), Arc::new(registry), keyring, vault, clock.clone());
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    let caller = Caller {
        user: records.user("Admin").await.unwrap(),
        site: records.site("Security Operations").await.unwrap(),
        roles: BTreeMap::new(),
        reach: Allowed::All,
        key: None,
        request_id: "two hosts".to_owned(),
    };
    let (user, password) = simulator.user("administrator");
    for number in 1..=CONNECTIONS {
        let draft = json!({"integration": "coda-footprint", "name": format!("Production {number}"),
            "site": "Security Operations", "healthCheckMinutes": 1, "active": false,
            "parameters": {"Server URL": simulator.url(), "User Name": user, "Password": password,
                "Requests in Flight": 100}});
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        connections.create_in(&mut records, &caller, draft).await.unwrap();
    }
    let mut schedules = Vec::new();
    for (Schedule { id, mut what, .. }, _) in records.health_table(ScheduleKind::HealthCheck).await.unwrap() {
        (what.active, what.cadence) = (true, Cadence::Every { interval_ms: INTERVAL_MS });
        schedules.push(records.change_schedule(id, &what).await.unwrap());
    }
    transaction.commit().await.unwrap();
    let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
    let runner = Arc::new(ExecutorRunner::new(executor, store.clone()));
    let (courier, rules) = (Arc::new(Couriers::default()), SchedulerSettings::default());
    (schedules, Arc::new(Scheduler::new(store.clone(), clock, runner, courier, rules)))
}

fn signal(host: &HostProcess, signal: &str) {
    let done = Process::new("kill").args([signal, &host.child.id().to_string()]).status().unwrap();
    assert!(done.success());
}

/// The checks of each connection, in the schedules' order.
async fn history(store: &Store, schedules: &[Schedule]) -> Vec<Vec<Check>> {
    let mut reader = store.reader().await.unwrap();
    let mut all = Vec::new();
    for schedule in schedules {
        all.push(reader.records().checks(schedule.what.connection_id, Moment::MAX, 1000).await.unwrap());
    }
    all
}

#[test]
fn each_due_check_is_run_once_and_in_time_beside_hosts_that_are_killed_suspended_or_have_a_wrong_clock() {
    // Each check takes some time, so that a killed host leaves checks under way.
    let simulator = SimulatorProcess::start(&["--fault", "* delay=300ms"]);
    let [_, instance] = Instance::on_both();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let [mut killed, suspended] = [instance.serve(), instance.serve()];
    runtime.block_on(async {
        let store = Store::open(instance.store_address().unwrap()).await.unwrap();
        let (schedules, third) = connect(&instance, &store, &simulator).await;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(Arc::clone(&third).serve(stopped));
        let nodes = async |since: Moment| -> BTreeSet<String> {
            let checks = history(&store, &schedules).await.into_iter().flatten();
            checks.filter(|check| check.started_at > since).map(|check| check.node).collect()
        };
        let work = async |count: usize, since: Moment| {
            let begun = Instant::now();
            while nodes(since).await.len() < count {
                assert!(begun.elapsed() < Duration::from_secs(60), "{count} hosts work");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        work(3, Moment(0)).await;
        signal(&suspended, "-STOP");
        killed.kill();
        let alone = now();
        tokio::time::sleep(SUSPENDED).await;
        let survivors = nodes(alone).await;
        signal(&suspended, "-CONT");
        assert_eq!(
            survivors.into_iter().collect::<Vec<_>>(),
            [third.node()],
            "neither the dead nor the suspended write"
        );
        let resumed = now();
        work(2, resumed).await;
        let until = now();
        // A check of each connection that was due before, without a gap.
        let is_whole = |schedule: &Schedule, checks: &[Check]| {
            let mut due = schedule.next_due_at;
            while due < until {
                // An overdue check runs once for all missed due times.
                let is_late = |check: &&Check| check.due_at < due && check.ended_at >= due;
                if !checks.iter().any(|check| check.due_at == due) && checks.iter().find(is_late).is_none() {
                    return false;
                }
                due = schedule.what.cadence.next_due(due, due).unwrap();
            }
            true
        };
        loop {
            let history = history(&store, &schedules).await;
            let missing =
                schedules.iter().zip(&history).filter(|(schedule, checks)| !is_whole(schedule, checks)).count();
            if missing == 0 {
                break;
            }
            let late = now().milliseconds_since(until);
            assert!(late < LATEST_MS, "{missing} connections still miss a check {late} ms after it was due");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stop.send(true).unwrap();
        serving.await.unwrap();
        let history = history(&store, &schedules).await;
        let mut latest = 0;
        for checks in &history {
            let due: BTreeSet<_> = checks.iter().map(|check| check.due_at).collect();
            assert_eq!(due.len(), checks.len(), "each due time is there once");
            assert!(checks.iter().all(|check| check.result != HealthState::Failing), "{checks:?}");
            latest =
                checks.iter().map(|check| check.started_at.milliseconds_since(check.due_at)).max().unwrap().max(latest);
        }
        assert!(latest < LATEST_MS, "a check began {latest} ms after it was due");
        let taken_over = history.iter().flatten().filter(|check| check.due_at < alone && check.started_at > alone);
        println!("{} checks were taken over, and the latest began {latest} ms late", taken_over.count());
    });
}
