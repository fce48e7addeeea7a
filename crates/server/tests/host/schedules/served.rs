//! A scheduler within a served host: it runs, it reports that it is stuck, and its shutdown loses nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use soar_connector::SystemClock;
use soar_host::Host;
use soar_host::alerts::Couriers;
use soar_host::scheduler::{Scheduler, SchedulerSettings, Schedules, WorkRunner};
use soar_host::settings::HostSettings;
use soar_server::serve;
use soar_store::Engine;
use soar_store::model::{CheckResult, ConnectionId, Moment, RunReport, Schedule, ScheduleRunStatus};
use soar_store::testing::TestStore;
use tokio::sync::{Semaphore, watch};

use super::world::check_of;
use crate::stage::ExecutorStage;

fn settings() -> HostSettings {
    HostSettings { listen: ([127, 0, 0, 1], 0).into(), open_metrics: true, ..HostSettings::default() }
}

async fn get(url: &str) -> (u16, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_served_host_runs_what_is_due_counts_it_and_ends_in_order() {
    for test in TestStore::on_both().await {
        let stage = ExecutorStage::held(test).await;
        let administrator = stage.administrator().await;
        let draft = json!({"integration": "gate", "name": "Main", "site": "Security Operations",
            "healthCheckMinutes": 1, "parameters": {"Server URL": "http://gate.example", "Password": "x"}});
        stage.create(&administrator, draft).await.unwrap();
        let schedules = Schedules::new(stage.executor.connections().clone());
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let draft = json!({"name": "Yearly", "site": "Security Operations", "integration": "gate",
            "command": "Test Connection", "cron": "0 0 1 1 *"});
        let draft = serde_json::from_value(draft).unwrap();
        let made = schedules.create_in(&mut records, &administrator, draft).await.unwrap();
        schedules.run_soon_in(&mut records, &administrator, made.id).await.unwrap();
        transaction.commit().await.unwrap();
        let couriers = Arc::new(Couriers::default());
        let host = Host::with_schedules(settings(), stage.executor.clone(), couriers).unwrap();
        let running = serve(host).await.unwrap();
        let log = async || {
            let mut reader = stage.test.store.reader().await.unwrap();
            schedules.log(&mut reader.records(), &administrator, made.id, None, 10).await.unwrap()
        };
        let timeout = std::time::Instant::now();
        while log().await.is_empty() {
            assert!(timeout.elapsed() < Duration::from_secs(60), "it never ran");
            tokio::time::sleep(Duration::from_millis(20)).await;
            stage.clock.advance(Duration::from_millis(200));
        }
        assert_eq!(log().await[0].status, ScheduleRunStatus::Successful);
        let (status, text) = get(&format!("{}/metrics", running.url())).await;
        for name in [
            "soar_host_schedule_runs_total{status=\"Successful\"} 1",
            "soar_host_health_connections{state=\"Healthy\"}",
            "soar_host_schedule_backlog{state=\"waiting\"}",
            "soar_host_schedule_lag_seconds",
            "soar_host_schedule_lateness_seconds",
            "# HELP soar_host_health_connections Connections with a health check, by state",
        ] {
            assert!(status == 200 && text.contains(name), "{name}: {text}");
        }
        assert_eq!(get(&format!("{}/readyz", running.url())).await.0, 200);
        running.shutdown().await.unwrap();
        let wal = format!("{}-wal", stage.test.address);
        assert!(!std::path::Path::new(&wal).exists(), "after an orderly end one file holds everything");
    }
}

#[tokio::test]
async fn a_host_that_is_told_to_runs_nothing_by_itself() {
    for stage in ExecutorStage::on_both().await {
        let mut settings = settings();
        settings.schedules.run = false;
        let couriers = Arc::new(Couriers::default());
        let host = Host::with_schedules(settings, stage.executor.clone(), couriers).unwrap();
        assert!(host.scheduler.is_none());
    }
}

/// Checks once the test allows it.
#[derive(Debug)]
struct HeldChecks(Semaphore);

#[async_trait]
impl WorkRunner for HeldChecks {
    async fn check(&self, _: &Schedule) -> CheckResult {
        self.0.acquire().await.unwrap().forget();
        CheckResult { latency_ms: 1, error: None, expiring: None }
    }

    async fn run(&self, _: &Schedule) -> Option<RunReport> {
        unreachable!("there are health checks only")
    }
}

#[tokio::test]
async fn a_host_whose_scheduler_is_stuck_is_not_ready_and_says_so() {
    let stage = ExecutorStage::held(TestStore::on(Engine::Sqlite).await).await;
    let other = TestStore::on(Engine::Sqlite).await;
    let (clock, runner) = (Arc::new(stage.clock.clone()), Arc::new(HeldChecks(Semaphore::new(0))));
    let (courier, rules) = (Arc::new(Couriers::default()), SchedulerSettings::default());
    let scheduler = Arc::new(Scheduler::new(other.store.clone(), clock, runner, courier, rules));
    // Nothing can be claimed from then on.
    other.store.close().await;
    let host = Host::with_connectors(settings(), stage.executor.clone()).unwrap();
    let mut host = Arc::into_inner(host).unwrap();
    host.scheduler = Some(scheduler);
    let running = serve(Arc::new(host)).await.unwrap();
    let ready = format!("{}/readyz", running.url());
    assert_eq!(get(&ready).await.0, 200);
    stage.clock.advance(Duration::from_secs(61));
    let (status, said) = get(&ready).await;
    assert_eq!((status, said.as_str()), (503, "The scheduler has not looked for due work for 61 seconds.\n"));
}

#[tokio::test]
async fn when_a_host_ends_what_it_runs_is_finished_and_what_has_no_place_is_left_to_others() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let test = TestStore::on(engine).await;
        let store = test.store.clone();
        let runner = Arc::new(HeldChecks(Semaphore::new(0)));
        let rules = SchedulerSettings { at_once: 1, ..SchedulerSettings::default() };
        let (clock, courier) = (Arc::new(SystemClock::new()), Arc::new(Couriers::default()));
        let scheduler = Arc::new(Scheduler::new(store.clone(), clock, runner.clone(), courier, rules));
        let mut transaction = store.transaction().await.unwrap();
        for connection in 1..=3 {
            let made = transaction.records().create_schedule(&check_of(ConnectionId(connection))).await.unwrap();
            transaction.records().run_soon(made.id).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(Arc::clone(&scheduler).serve(stopped));
        let timeout = std::time::Instant::now();
        while scheduler.in_hand() == 0 {
            assert!(timeout.elapsed() < Duration::from_secs(60), "one is claimed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send(true).unwrap();
        let backlog = store.reader().await.unwrap().records().backlog().await.unwrap();
        assert_eq!((backlog.waiting, backlog.claimed), (2, 1), "anybody may run the others");
        runner.0.add_permits(3);
        serving.await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let backlog = reader.records().backlog().await.unwrap();
        assert_eq!((backlog.waiting, backlog.claimed), (2, 0));
        let mut done = 0;
        for connection in 1..=3 {
            done += reader.records().checks(ConnectionId(connection), Moment::MAX, 10).await.unwrap().len();
        }
        assert_eq!(done, 1);
    }
}

#[tokio::test]
async fn alerts_that_wait_are_told_by_the_probe_and_the_metrics_and_the_host_is_ready() {
    for test in TestStore::on_both().await {
        let stage = ExecutorStage::held(test).await;
        let administrator = stage.administrator().await;
        // Its tests fail, and no mail server is configured.
        let draft = json!({"integration": "gate", "name": "Main", "site": "Security Operations",
            "healthCheckMinutes": 1, "healthCheckEmail": "soc@example.com", "healthCheckAlertAfter": 1,
            "parameters": {"Server URL": "http://gate.example", "Password": "x"}});
        stage.gate.state.tests_fail.store(true, std::sync::atomic::Ordering::SeqCst);
        stage.create(&administrator, draft).await.unwrap();
        let host = Host::with_schedules(settings(), stage.executor.clone(), Arc::new(Couriers::default())).unwrap();
        let running = serve(host).await.unwrap();
        let ready = format!("{}/readyz", running.url());
        assert_eq!(get(&ready).await, (200, "ok\n".to_owned()));
        let timeout = std::time::Instant::now();
        loop {
            let (status, said) = get(&ready).await;
            let (_, metrics) = get(&format!("{}/metrics", running.url())).await;
            let age = metrics.lines().find_map(|line| line.strip_prefix("soar_host_alerts_oldest_seconds "));
            let is_old = age.is_some_and(|age| age.parse::<f64>().unwrap() > 60.0);
            if is_old && metrics.contains("soar_host_alerts_waiting 1\n") {
                assert_eq!(status, 200);
                assert!(said.starts_with("ok\nUndelivered alerts: 1, the oldest for "), "{said}");
                break;
            }
            assert!(timeout.elapsed() < Duration::from_secs(60), "{said}{metrics}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            stage.clock.advance(Duration::from_secs(3));
        }
    }
}
