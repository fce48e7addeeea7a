//! A thousand connections, checked for twenty seconds against the simulator: no check is lost or runs twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    Allowed, Cadence, Caller, CheckResult, HealthState, Moment, RunReport, Schedule, ScheduleId, ScheduleKind,
    percentiles,
};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewSite, NewUser};
use tokio::sync::watch;

const CONNECTIONS: i64 = 1_000;
const SECONDS: u64 = 20;

/// Shorter than any that a form may ask for, so that each connection is due within the test, and many twice.
const INTERVAL_MS: i64 = 15_000;

/// The tolerance for a late check. On a busy machine checks are late, but a lost check never runs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The number of runs of each due time.
struct CountingRunner {
    inner: ExecutorRunner,
    runs: Mutex<BTreeMap<ScheduleId, usize>>,
}

#[async_trait]
impl WorkRunner for CountingRunner {
    async fn check(&self, schedule: &Schedule) -> CheckResult {
        *self.runs.lock().unwrap().entry(schedule.id).or_default() += 1;
        self.inner.check(schedule).await
    }

    async fn run(&self, _: &Schedule) -> Option<RunReport> {
        unreachable!("there are health checks only")
    }
}

fn now() -> Moment {
    Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

async fn connections_to(simulator: &Simulator, test: &TestStore) -> Connections {
    let registry = PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
    let vault = Vault::with_environment(VaultSettings::default(), |_| None);
    let (keyring, clock) = (Keyring::generate().unwrap(), Arc::new(SystemClock::new()));
    let connections = Connections::new(test.store.clone(), Arc::new(registry), keyring, vault, clock);
    let mut transaction = test.store.transaction().await.unwrap();
    let mut records = transaction.records();
    let site = NewSite { time_zone: "America/Vancouver".to_owned(), ..crate::support::site("Security Operations") };
    let site = records.create_site(&site, Moment(1)).await.unwrap();
    let user = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
    let user = records.create_user(&user, Moment(1)).await.unwrap();
    let (reach, request_id) = (Allowed::All, "size".to_owned());
    let caller = Caller { user, site, roles: BTreeMap::new(), reach, key: None, request_id };
    let account = simulator.user(UserKind::Administrator);
    for number in 1..=CONNECTIONS {
        let draft = json!({"integration": "coda-footprint", "name": format!("Production {number}"), "active": false,
            "site": "Security Operations", "healthCheckMinutes": 1,
            "parameters": {"Server URL": simulator.url(), "User Name": account.user_name,
                "Password": account.password, "Requests per Second": "10000", "Requests in Flight": "1000"}});
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        connections.create_in(&mut records, &caller, draft).await.unwrap();
    }
    transaction.commit().await.unwrap();
    connections
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_connections_no_check_is_lost_and_none_is_run_twice() {
    let simulator = Simulator::start(Options::default()).await.unwrap();
    let test = TestStore::on(Engine::Sqlite).await;
    let store = test.store.clone();
    let executor = Executor::start(connections_to(&simulator, &test).await, ExecutorSettings::default()).await.unwrap();
    let runner =
        Arc::new(CountingRunner { inner: ExecutorRunner::new(executor, store.clone()), runs: Mutex::default() });
    let (clock, courier) = (Arc::new(SystemClock::new()), Arc::new(Couriers::default()));
    let settings = SchedulerSettings::default();
    let scheduler = Arc::new(Scheduler::new(store.clone(), clock, runner.clone(), courier, settings));

    let cadence = Cadence::Every { interval_ms: INTERVAL_MS };
    let mut transaction = store.transaction().await.unwrap();
    let mut schedules = Vec::new();
    for (Schedule { id, mut what, .. }, _) in
        transaction.records().health_table(ScheduleKind::HealthCheck).await.unwrap()
    {
        (what.active, what.cadence) = (true, cadence.clone());
        schedules.push(transaction.records().change_schedule(id, &what).await.unwrap());
    }
    transaction.commit().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(scheduler.serve(stopped));
    tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    let until = now();
    // A check that is late takes the place of the next ones of its connection: late ones run once. So of each connection
    // there must be one for its first due time, and one that began after its last one.
    let timeout = tokio::time::Instant::now() + TIMEOUT;
    loop {
        let mut missing = 0;
        let mut reader = store.reader().await.unwrap();
        for schedule in &schedules {
            let checks = reader.records().checks(schedule.what.connection_id, Moment::MAX, 1000).await.unwrap();
            let last = last_due(schedule, &cadence, until);
            let is_whole = checks.iter().any(|check| check.due_at == schedule.next_due_at)
                && checks.iter().any(|check| check.started_at >= last);
            missing += usize::from(!is_whole);
        }
        if missing == 0 {
            break;
        }
        assert!(tokio::time::Instant::now() < timeout, "{missing} of {CONNECTIONS} connections miss a check");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.send(true).unwrap();
    serving.await.unwrap();

    let (mut lateness, mut run, mut skipped) = (Vec::new(), 0, 0);
    let mut reader = store.reader().await.unwrap();
    for schedule in &schedules {
        let checks = reader.records().checks(schedule.what.connection_id, Moment::MAX, 1000).await.unwrap();
        let due: BTreeSet<_> = checks.iter().map(|check| check.due_at).collect();
        assert_eq!(due.len(), checks.len(), "a due time has one check");
        let times = runner.runs.lock().unwrap()[&schedule.id];
        assert_eq!(times, checks.len(), "each was run once");
        assert!(checks.iter().all(|check| check.result != HealthState::Failing), "{:?}", checks[0]);
        let mut at = schedule.next_due_at;
        while at < until {
            let is_late = checks.iter().any(|check| check.due_at < at && check.ended_at >= at);
            assert!(due.contains(&at) || is_late, "a check due at {at} is missing: {due:?}");
            skipped += usize::from(!due.contains(&at));
            at = cadence.next_due(at, at).unwrap();
        }
        run += times;
        lateness.extend(checks.iter().map(|check| check.started_at.milliseconds_since(check.due_at)));
    }
    println!(
        "{run} checks of {CONNECTIONS} connections in {SECONDS} s; skipped for one that was late: {skipped}; lateness: {:?}",
        percentiles(lateness).unwrap()
    );
}

/// The last due time of a schedule before `until`.
fn last_due(schedule: &Schedule, cadence: &Cadence, until: Moment) -> Moment {
    let mut last = schedule.next_due_at;
    loop {
        let next = cadence.next_due(last, last).unwrap();
        if next >= until {
            return last;
        }
        last = next;
    }
}
