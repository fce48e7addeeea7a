//! Two hosts in processes of their own on one PostgreSQL, of which one is killed in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use coda_footprint::FootprintPlugin;
use serde_json::json;
use soar_connector::SystemClock;
use soar_host::connections::{ConnectionDraft, Connections};
use soar_host::executor::Registry;
use soar_host::sealing::Keyring;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::Store;
use soar_store::model::{Allowed, Cadence, Caller, Check, HealthState, Moment, Schedule, ScheduleKind};

use crate::instance::Instance;
use crate::support::Simulator;

const CONNECTIONS: i64 = 60;

/// Shorter than a form may ask for, so that the test need not take minutes.
const INTERVAL_MS: i64 = 5_000;

/// In the history so long after it was due, at the latest.
const LATEST_MS: i64 = 30_000;

fn now() -> Moment {
    Moment(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
}

/// Connections to the simulator, all checked from now on.
async fn connect(instance: &Instance, store: &Store, simulator: &Simulator) -> Vec<Schedule> {
    let registry = Registry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
    let keyring = Keyring::from_file(&instance.path().join("sealing.key")).unwrap();
    let (vault, clock) = (Vault::new(VaultSettings::default()), Arc::new(SystemClock::new()));
    let connections = Connections::new(store.clone(), Arc::new(registry), keyring, vault, clock);
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
    let (begun, mut schedules) = (now(), Vec::new());
    for (Schedule { id, mut what, .. }, _) in records.health_table(ScheduleKind::HealthCheck).await.unwrap() {
        (what.active, what.cadence) = (true, Cadence::Every { interval_ms: INTERVAL_MS });
        schedules.push(records.change_schedule(id, &what, begun).await.unwrap());
    }
    transaction.commit().await.unwrap();
    schedules
}

/// The checks of each connection, in the schedules' order.
async fn history(store: &Store, schedules: &[Schedule]) -> Vec<Vec<Check>> {
    let mut reader = store.reader().await.unwrap();
    let mut all = Vec::new();
    for schedule in schedules {
        all.push(reader.records().checks(schedule.what.connection_id, Moment(i64::MAX), 1000).await.unwrap());
    }
    all
}

#[test]
fn every_due_check_is_in_the_history_once_and_in_time_although_one_of_two_hosts_is_killed() {
    // Each check takes a while, so that a host that is killed leaves some behind.
    let simulator = Simulator::start(&["--fault", "* delay=300ms"]);
    let [_, instance] = Instance::on_both();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut hosts = [instance.serve(), instance.serve()];
    runtime.block_on(async {
        let store = Store::open(instance.store_address().unwrap()).await.unwrap();
        let schedules = connect(&instance, &store, &simulator).await;
        let nodes = async || -> BTreeSet<String> {
            history(&store, &schedules).await.into_iter().flatten().map(|check| check.node).collect()
        };
        let begun = Instant::now();
        while nodes().await.len() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(60), "both hosts work");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        hosts[0].child.kill().unwrap();
        hosts[0].child.wait().unwrap();
        let killed = now();
        let until = Moment(killed.0 + INTERVAL_MS);
        // Of each connection a check that was due after the kill, and nothing left out before it.
        let is_whole = |schedule: &Schedule, checks: &[Check]| {
            let mut due = schedule.next_due_at;
            while due < until {
                // What is late runs once for all that it missed.
                let is_late = |check: &&Check| check.due_at < due && check.ended_at >= due;
                if !checks.iter().any(|check| check.due_at == due) && checks.iter().find(is_late).is_none() {
                    return false;
                }
                due = schedule.what.cadence.next_due(schedule.id, due).unwrap();
            }
            checks.iter().any(|check| check.started_at > killed)
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
        let history = history(&store, &schedules).await;
        let after: BTreeSet<_> =
            history.iter().flatten().filter(|check| check.started_at > killed).map(|check| &check.node).collect();
        assert_eq!(after.len(), 1, "the dead do not write, and the survivor carries on");
        for checks in &history {
            let due: BTreeSet<_> = checks.iter().map(|check| check.due_at).collect();
            assert_eq!(due.len(), checks.len(), "each due time is there once");
            assert!(checks.iter().all(|check| check.result != HealthState::Failing), "{checks:?}");
            let latest = checks.iter().map(|check| check.ended_at.milliseconds_since(check.due_at)).max().unwrap();
            assert!(latest < LATEST_MS, "a check ended {latest} ms after it was due");
        }
        let taken_over = history.iter().flatten().filter(|check| check.due_at < killed && check.started_at > killed);
        println!("{} checks were taken over", taken_over.count());
    });
}
