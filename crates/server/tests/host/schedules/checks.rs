//! Health checks of real connections.

use std::collections::BTreeMap;
use std::time::Duration;

use footprint_simulator::{Simulator, UserKind};
use serde_json::json;
use soar_host::health::{ConnectionHealth, HealthFilter};
use soar_store::ScheduleFilter;
use soar_store::model::{Connection, ConnectionId, HealthState, Moment};
use soar_store::testing::StoreSize;

use super::wired::{Wired, draft, nightly};
use super::world::MINUTE;
use crate::direct::{DirectConnections as _, DirectRuns as _};
use crate::stage::{ExecutorStage, simulator};
use crate::tls::{Authority, BOTH_VERSIONS, DAY};

async fn checked_connection(stage: &ExecutorStage, simulator: &Simulator) -> Connection {
    let connection = stage.footprint(simulator, "Production").await;
    let change = json!({"healthCheckMinutes": 1, "healthCheckEmail": "soc@example.com"});
    stage.update(&stage.administrator().await, connection.id, change).await.unwrap()
}

#[tokio::test]
async fn a_connection_is_checked_as_its_form_says_and_proven_by_logging_in() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        let connection = checked_connection(&stage, &simulator).await;
        let administrator = stage.administrator().await;
        let connections = stage.executor.connections();
        let before = connections.health(&administrator, &HealthFilter::default()).await.unwrap().connections;
        assert_eq!((before[0].health.state, before[0].checked), (HealthState::Unknown, true));
        for _ in 0..2 {
            simulator.clear_requests();
            assert_eq!(wired.minute(&stage).await, 1);
            let logins = simulator.requests().iter().filter(|request| request.path.contains("auth")).count();
            assert!(logins >= 1, "each check logs in afresh: {:?}", simulator.requests());
        }
        let table = connections.health(&administrator, &HealthFilter::default()).await.unwrap();
        assert_eq!((table.states[&HealthState::Healthy], table.more()), (1, 0));
        let table = table.connections;
        assert_eq!(table[0].health.state, HealthState::Healthy);
        assert_eq!(table[0].uptime_day.passed, 2);
        assert!(table[0].latency_day.is_some());
        let filter = HealthFilter { state: Some(HealthState::Failing), ..HealthFilter::default() };
        assert!(connections.health(&administrator, &filter).await.unwrap().connections.is_empty());
        let filter = HealthFilter { site: Some(stage.client.id), ..HealthFilter::default() };
        assert!(connections.health(&administrator, &filter).await.unwrap().connections.is_empty());
        let history = connections.health_history(&administrator, connection.id, None, 10).await.unwrap();
        assert_eq!(history.checks.len(), 2);
        assert!(history.connection.latency_day.is_some());
        // Checks do not displace the runs of users.
        let runs = stage.executor.runs(&administrator, &Default::default()).await.unwrap();
        assert!(runs.is_empty(), "{runs:?}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_says_why_and_its_mail_goes_where_the_form_says() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        let connection = checked_connection(&stage, &simulator).await;
        let administrator = stage.administrator().await;
        let change = json!({"healthCheckWebhooks": ["operations"], "healthCheckAlertAfter": 2,
            "healthCheckEmail": "soc@example.com, on-call@example.com"});
        let changed = stage.update(&administrator, connection.id, change).await.unwrap().health_check.unwrap();
        assert_eq!((changed.alert_after, changed.slow_ms, changed.every_minutes), (2, 5000, 1));
        let connections = stage.executor.connections();
        let wrong = json!({"parameters": {"Password": "canary-wrong-password"}});
        stage.update(&administrator, connection.id, wrong).await.unwrap();
        wired.minute(&stage).await;
        wired.scheduler.tell().await.unwrap();
        for _ in 0..2 {
            assert!(wired.delivered.messages.lock().unwrap().is_empty());
            wired.minute(&stage).await;
        }
        let table = connections.health(&administrator, &HealthFilter::default()).await.unwrap().connections;
        assert_eq!(table[0].health.state, HealthState::Failing);
        let error = table[0].health.last_error.as_deref().unwrap();
        assert!(error.starts_with("Test Connection failed. Failed to check the connector.\nStatus Code: "), "{error}");
        assert_explained(&table[0]);
        let mut told: Vec<_> =
            wired.delivered.messages.lock().unwrap().iter().map(|message| message.destination.to_string()).collect();
        told.sort_unstable();
        assert_eq!(told, ["on-call@example.com", "soc@example.com", "webhook:operations"]);
        let kept = connections.see(&administrator, connection.id).await.unwrap().health_check.unwrap();
        assert_eq!((kept.webhooks, kept.alert_after), (vec!["operations".to_owned()], 2), "what is not given stays");
        assert!(!format!("{table:?} {:?}", wired.delivered.messages.lock().unwrap()).contains("canary"));
    }
}

#[tokio::test]
async fn a_changed_inactive_or_deleted_connection_is_checked_as_it_is_now() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        let connection = checked_connection(&stage, &simulator).await;
        let administrator = stage.administrator().await;
        assert_eq!(wired.minute(&stage).await, 1);
        stage.update(&administrator, connection.id, json!({"active": false})).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 0, "inactive");
        stage.update(&administrator, connection.id, json!({"active": true})).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1, "active again");
        // The destinations of its alerts go with the checks.
        stage.update(&administrator, connection.id, json!({"healthCheckMinutes": null})).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 0, "without a health check");
        stage.update(&administrator, connection.id, json!({"healthCheckMinutes": 1})).await.unwrap();
        stage.executor.connections().delete(&administrator, connection.id).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 0, "deleted");
        let left = stage.executor.connections().health(&administrator, &HealthFilter::default()).await.unwrap();
        assert!(left.connections.is_empty());
    }
}

#[tokio::test]
async fn a_connection_is_degraded_when_its_server_s_certificate_is_about_to_end_or_it_is_slow() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired, authority) = (simulator().await, Wired::on(&stage), Authority::new());
        let administrator = stage.administrator().await;
        let account = simulator.user(UserKind::Administrator);
        let url = authority.serve("localhost", Ok(3 * DAY + DAY / 2), BOTH_VERSIONS, &simulator.url()).await;
        let draft = json!({"integration": "coda-footprint", "name": "Secure", "site": "Security Operations",
            "healthCheckMinutes": 1, "parameters": {"Server URL": url, "User Name": account.user_name,
                "Password": account.password, "CA File": std::fs::read_to_string(authority.path()).unwrap()}});
        let connection = stage.create(&administrator, draft).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1);
        let health_now = async || {
            let table = stage.executor.connections().health(&administrator, &HealthFilter::default()).await.unwrap();
            table.connections.into_iter().next().unwrap().health
        };
        let health = health_now().await;
        assert_eq!((health.state, health.failures), (HealthState::Degraded, 0), "{health:?}");
        assert!(health.notice.unwrap().contains("\"localhost\" issued by \"Test Authority\" ends in"));

        let renewed = authority.serve_well(&simulator.url()).await;
        let change = json!({"parameters": {"Server URL": renewed, "Password": account.password}});
        stage.update(&administrator, connection.id, change).await.unwrap();
        wired.minute(&stage).await;
        assert_eq!(health_now().await.state, HealthState::Healthy);

        simulator.inject("* delay=30ms".parse().unwrap());
        stage.update(&administrator, connection.id, json!({"healthCheckSlowMs": 1})).await.unwrap();
        // The clock is the tests', so it goes on while the server takes its time.
        let moving = tokio::spawn({
            let clock = stage.clock.clone();
            async move {
                loop {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    clock.advance(std::time::Duration::from_millis(1));
                }
            }
        });
        wired.minute(&stage).await;
        moving.abort();
        let health = health_now().await;
        assert_eq!(health.state, HealthState::Degraded, "{health:?}");
        assert!(health.notice.unwrap().contains("1 ms or more is slow"));
    }
}

#[tokio::test]
async fn with_a_connection_go_its_schedules_whatever_they_were() {
    for stage in ExecutorStage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        let connection = checked_connection(&stage, &simulator).await;
        let administrator = stage.administrator().await;
        for (name, active) in [("Nightly", true), ("Stopped", false)] {
            let mut asked = nightly();
            (asked["name"], asked["active"]) = (json!(name), json!(active));
            wired.create(&stage, &administrator, draft(asked)).await.unwrap();
        }
        wired.minute(&stage).await;
        // Claimed, and not yet run.
        stage.clock.advance(Duration::from_millis(MINUTE.cast_unsigned()));
        let claims = wired.scheduler.look().await.unwrap().claims;
        assert!(!claims.is_empty());
        stage.update(&administrator, connection.id, json!({"name": "Other", "active": false})).await.unwrap();
        stage.executor.connections().delete(&administrator, connection.id).await.unwrap();
        assert!(wired.list(&stage, &administrator, None).await.is_empty());
        for claim in claims {
            assert!(!wired.scheduler.run(claim).await, "the result of what was claimed is not kept");
        }
        let mut reader = stage.test.store.reader().await.unwrap();
        let mut records = reader.records();
        assert_eq!(records.backlog().await.unwrap(), Default::default());
        assert!(records.checks(connection.id, Moment::MAX, 10).await.unwrap().is_empty());
        assert!(records.alert_groups().await.unwrap().is_empty());
        assert!(records.schedules(ScheduleFilter::Connection(connection.id)).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_test_that_somebody_asks_for_is_in_the_history_too() {
    for stage in ExecutorStage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Production").await;
        let administrator = stage.administrator().await;
        assert!(stage.executor.test(&administrator, connection.id).await.unwrap().passed);
        let connections = stage.executor.connections();
        let history = connections.health_history(&administrator, connection.id, None, 10).await.unwrap();
        assert_eq!(history.checks.len(), 1);
        assert_eq!((history.connection.health.state, history.connection.checked), (HealthState::Healthy, false));
        let wrong = json!({"parameters": {"Password": "canary-wrong-password"}});
        stage.update(&administrator, connection.id, wrong).await.unwrap();
        stage.clock.advance(Duration::from_secs(1));
        assert!(!stage.executor.test(&administrator, connection.id).await.unwrap().passed);
        let history = connections.health_history(&administrator, connection.id, None, 10).await.unwrap();
        assert_explained(&history.connection);
    }
}

/// Asserts that the health has the cause and the cure that the manifest gives for a wrong password.
fn assert_explained(one: &ConnectionHealth) {
    assert_eq!(one.health.last_error_code.as_deref(), Some("invalid-credentials"), "{one:?}");
    assert_eq!(one.last_error_cause.as_deref(), Some("Footprint rejected User Name and Password."));
    assert!(one.last_error_cure.as_deref().unwrap().starts_with("Correct User Name and Password."), "{one:?}");
}

/// The connections of all pages of three, with their states, and the numbers of connections in each state.
async fn all_pages(
    stage: &ExecutorStage,
    filter: &HealthFilter,
) -> (Vec<(ConnectionId, HealthState)>, BTreeMap<HealthState, usize>) {
    let (administrator, mut found) = (stage.administrator().await, Vec::new());
    loop {
        let page = HealthFilter { offset: found.len(), limit: Some(3), without_uptimes: true, ..filter.clone() };
        let table = stage.executor.connections().health(&administrator, &page).await.unwrap();
        assert!(table.connections.iter().all(|one| one.uptime_month.passed == 0), "it leaves out the uptimes");
        if table.connections.is_empty() {
            return (found, table.states);
        }
        found.extend(table.connections.iter().map(|one| (one.id, one.health.state)));
    }
}

#[tokio::test]
async fn a_searched_table_of_health_has_the_order_and_the_numbers_of_the_whole_one() {
    for stage in ExecutorStage::on_both().await {
        let size = StoreSize {
            sites: 1,
            connections: 250,
            incidents: 2,
            checks: 500,
            runs: 1,
            audit: 1,
            cases: 1,
            tenants: 1,
            findings: 0,
        };
        stage.test.store.fill(size, Moment(jiff::Timestamp::now().as_millisecond())).await.unwrap();
        for state in [None, Some(HealthState::Failing), Some(HealthState::Healthy)] {
            let whole = HealthFilter { state, ..HealthFilter::default() };
            let searched = HealthFilter { text: Some("FOOTPRINT".to_owned()), ..whole.clone() };
            let expected = all_pages(&stage, &whole).await;
            let states = expected.1.values().filter(|count| **count > 0).count();
            assert!(expected.0.len() > 1 && states >= if state.is_none() { 5 } else { 1 }, "{expected:?}");
            assert_eq!(all_pages(&stage, &searched).await, expected, "{state:?}");
        }
        let of_server =
            HealthFilter { server: Some("https://footprint-7.example.com".to_owned()), ..HealthFilter::default() };
        let (found, states) = all_pages(&stage, &of_server).await;
        assert_eq!((found.len(), states.values().sum::<usize>()), (1, 1));
        let nothing = HealthFilter { text: Some("nothing".to_owned()), ..HealthFilter::default() };
        assert_eq!(all_pages(&stage, &nothing).await.0, []);
    }
}
