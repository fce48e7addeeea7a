//! Two processes on one PostgreSQL, of which one is killed in the middle.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use soar_connector::SystemClock;
use soar_host::alerts::Couriers;
use soar_host::health::CheckResult;
use soar_host::scheduler::{Cadence, RunReport, Runner, Schedule, Scheduler, SchedulerSettings};
use soar_host::store::{Engine, Store};
use soar_host::testing::TestStore;
use tokio::sync::watch;

use super::world::check_of;

const ADDRESS: &str = "SOAR_HOST_TEST_NODE_ADDRESS";
const SCHEDULES: i64 = 200;
const INTERVAL_MS: i64 = 5_000;

/// A check that takes a while, so that a node that is killed leaves some behind.
struct Slow;

#[async_trait]
impl Runner for Slow {
    async fn check(&self, _: &Schedule) -> CheckResult {
        tokio::time::sleep(Duration::from_millis(300)).await;
        CheckResult { latency_ms: 300, error: None, expiring: None }
    }

    async fn run(&self, _: &Schedule) -> RunReport {
        unreachable!("there are health checks only")
    }
}

/// A node, run by the test below in a process of its own.
#[tokio::test]
#[ignore = "is part of the test below"]
async fn a_node_in_a_process_of_its_own() {
    let address = std::env::var(ADDRESS).expect("the test below to start this one");
    let store = Store::open(&address).await.unwrap();
    let queue = Arc::new(store.job_queue().await.unwrap());
    let settings = SchedulerSettings {
        claim: Duration::from_secs(2),
        renew: Duration::from_millis(500),
        patience: Duration::from_secs(2),
        ..SchedulerSettings::default()
    };
    let clock = Arc::new(SystemClock::new());
    let scheduler = Scheduler::new(store, clock, queue, Arc::new(Slow), Arc::new(Couriers::default()), settings);
    println!("\nnode={}", scheduler.node());
    let (_stop, stopped) = watch::channel(false);
    Arc::new(scheduler).serve(stopped).await;
}

/// Killed when dropped.
struct Node {
    process: Child,
    name: String,
}

impl Node {
    fn start(address: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "schedules::nodes::a_node_in_a_process_of_its_own", "--ignored", "--nocapture"])
            .env(ADDRESS, address)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let name = lines.find_map(|line| line.unwrap().strip_prefix("node=").map(str::to_owned)).unwrap();
        Self { process, name }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[tokio::test]
async fn every_due_check_is_run_once_although_one_of_two_nodes_is_killed() {
    let test = TestStore::on(Engine::Postgres).await;
    let cadence = Cadence::Every { interval_ms: INTERVAL_MS };
    let begun = now();
    let mut transaction = test.store.transaction().await.unwrap();
    let mut schedules = Vec::new();
    for connection in 1..=SCHEDULES {
        let mut check = check_of(connection);
        check.cadence = cadence.clone();
        schedules.push(transaction.records().create_schedule(&check, begun).await.unwrap());
    }
    transaction.commit().await.unwrap();
    let mut nodes = [Node::start(&test.address), Node::start(&test.address)];
    let checks = async |connection| {
        test.store.reader().await.unwrap().records().checks(connection, i64::MAX, 1000).await.unwrap()
    };
    let patience = Instant::now();
    let busy: BTreeSet<_> = nodes.iter().map(|node| node.name.clone()).collect();
    let mut seen = BTreeSet::new();
    while !seen.is_superset(&busy) || now() < begun + 2 * INTERVAL_MS {
        assert!(patience.elapsed() < Duration::from_secs(60), "both nodes work: {seen:?}");
        for connection in 1..=20 {
            seen.extend(checks(connection).await.into_iter().map(|check| check.node));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    nodes[0].kill();
    let killed = now();
    // Two intervals after the kill all that was due by one interval after it has been run.
    let until = killed + INTERVAL_MS;
    let mut missing = 1;
    while missing > 0 {
        missing = 0;
        for schedule in &schedules {
            let started: BTreeSet<_> =
                checks(schedule.what.connection_id).await.iter().map(|check| check.due_at).collect();
            let mut due = schedule.next_due_at;
            while due < until {
                missing += usize::from(!started.contains(&due));
                due = cadence.next_due(schedule.id, due).unwrap();
            }
        }
        let waited = now() - until;
        assert!(waited < 30_000, "{missing} checks are still missing {waited} ms after they were due");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (mut by_survivor, mut latest, mut taken_over) = (0, 0, 0);
    for schedule in &schedules {
        for check in checks(schedule.what.connection_id).await {
            latest = latest.max(check.ended_at - check.due_at);
            if check.started_at > killed {
                assert_eq!(check.node, nodes[1].name, "the dead do not write");
                by_survivor += 1;
                taken_over += usize::from(check.due_at < killed && check.started_at > killed + 1000);
            }
        }
    }
    assert!(by_survivor >= 200, "the survivor carries on");
    assert!(latest < 30_000, "the latest check ended {latest} ms after it was due");
    assert!(taken_over > 0, "the dead left nothing behind, so nothing is proven");
    println!("taken over: {taken_over}; the latest ended {latest} ms after it was due");
}
