//! Health checks and schedules on real connections, through the executor.

use std::sync::Arc;
use std::time::Duration;

use footprint_simulator::{Simulator, UserKind};
use serde_json::{Value, json};
use soar_host::Refusal;
use soar_host::health::HealthFilter;
use soar_host::scheduler::{
    ExecutorRunner, ScheduleChange, ScheduleDraft, ScheduleShown, Scheduler, SchedulerSettings, Schedules,
};
use soar_store::ScheduleFilter;
use soar_store::model::{Caller, Connection, HealthState, Moment, Role, ScheduleRun, ScheduleRunStatus, SiteId};

use super::world::{Delivered, MINUTE};
use crate::stage::{Stage, because, simulator};
use crate::tls::{Authority, BOTH_VERSIONS, DAY};

struct Wired {
    scheduler: Scheduler,
    delivered: Arc<Delivered>,
    schedules: Schedules,
}

impl Wired {
    fn on(stage: &Stage) -> Self {
        let delivered = Arc::new(Delivered::default());
        let runner = ExecutorRunner::new(stage.executor.clone(), stage.test.store.clone());
        let scheduler = Scheduler::new(
            stage.test.store.clone(),
            Arc::new(stage.clock.clone()),
            Arc::new(runner),
            delivered.clone(),
            SchedulerSettings::default(),
        );
        Self { scheduler, delivered, schedules: Schedules::new(stage.executor.connections().clone()) }
    }

    async fn create(&self, stage: &Stage, caller: &Caller, draft: ScheduleDraft) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let made = self.schedules.create_in(&mut transaction.records(), caller, draft).await?;
        transaction.commit().await.unwrap();
        Ok(made)
    }

    async fn update(
        &self,
        stage: &Stage,
        caller: &Caller,
        name: &str,
        change: ScheduleChange,
    ) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let id = self.schedules.named(&mut records, caller, name).await?;
        let changed = self.schedules.update_in(&mut records, caller, id, change).await?;
        transaction.commit().await.unwrap();
        Ok(changed)
    }

    async fn delete(&self, stage: &Stage, caller: &Caller, name: &str) -> Result<ScheduleShown, Refusal> {
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let id = self.schedules.named(&mut records, caller, name).await?;
        let deleted = self.schedules.delete_in(&mut records, caller, id).await?;
        transaction.commit().await.unwrap();
        Ok(deleted)
    }

    async fn list(&self, stage: &Stage, caller: &Caller, site: Option<SiteId>) -> Vec<ScheduleShown> {
        let mut reader = stage.test.store.reader().await.unwrap();
        self.schedules.list(&mut reader.records(), caller, site).await.unwrap()
    }

    async fn log(&self, stage: &Stage, caller: &Caller, name: &str) -> Vec<ScheduleRun> {
        let mut reader = stage.test.store.reader().await.unwrap();
        let mut records = reader.records();
        let id = self.schedules.named(&mut records, caller, name).await.unwrap();
        self.schedules.log(&mut records, caller, id, None, 10).await.unwrap()
    }

    /// Runs what is due after a minute; how many results were written.
    async fn minute(&self, stage: &Stage) -> usize {
        stage.clock.advance(Duration::from_millis(MINUTE.cast_unsigned()));
        let mut written = 0;
        for claim in self.scheduler.look().await.unwrap().claims {
            written += usize::from(self.scheduler.run(claim).await);
        }
        self.scheduler.tell().await.unwrap();
        self.scheduler.deliver().await.unwrap();
        written
    }
}

async fn checked_connection(stage: &Stage, simulator: &Simulator) -> Connection {
    let connection = stage.footprint(simulator, "Production").await;
    let change = json!({"healthCheckMinutes": 1, "healthCheckEmail": "soc@example.com"});
    stage.update(&stage.administrator().await, connection.id, change).await.unwrap()
}

fn draft(value: Value) -> ScheduleDraft {
    serde_json::from_value(value).unwrap()
}

fn nightly() -> Value {
    json!({"name": "Nightly", "site": "Security Operations", "integration": "coda-footprint", "command": "List Device Vulnerabilities",
        "parameters": {"Device ID": 1}, "everyMinutes": 1, "alertTo": ["soc@example.com"]})
}

#[tokio::test]
async fn a_connection_is_checked_as_its_form_says_and_proven_by_logging_in() {
    for stage in Stage::on_both().await {
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
        // Checks do not crowd out what people ran.
        let runs = stage.executor.runs(&administrator, &Default::default()).await.unwrap();
        assert!(runs.is_empty(), "{runs:?}");
    }
}

#[tokio::test]
async fn a_connection_that_fails_says_why_and_its_mail_goes_where_the_form_says() {
    for stage in Stage::on_both().await {
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
    for stage in Stage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        let connection = checked_connection(&stage, &simulator).await;
        let administrator = stage.administrator().await;
        assert_eq!(wired.minute(&stage).await, 1);
        stage.update(&administrator, connection.id, json!({"active": false})).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 0, "inactive");
        stage.update(&administrator, connection.id, json!({"active": true})).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1, "active again");
        let off = json!({"healthCheckMinutes": null, "healthCheckEmail": null});
        stage.update(&administrator, connection.id, off).await.unwrap();
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
    for stage in Stage::on_both().await {
        let (simulator, wired, authority) = (simulator().await, Wired::on(&stage), Authority::new());
        let administrator = stage.administrator().await;
        let account = simulator.user(UserKind::Administrator);
        let url = authority.serve("localhost", Ok(3 * DAY + DAY / 2), BOTH_VERSIONS, &simulator.url()).await;
        let draft = json!({"integration": "coda-footprint", "name": "Secure", "site": "Security Operations",
            "healthCheckMinutes": 1, "parameters": {"Server URL": url, "User Name": account.user_name,
                "Password": account.password, "CA File": authority.path()}});
        let connection = stage.create(&administrator, draft).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1);
        let fares = async || {
            let table = stage.executor.connections().health(&administrator, &HealthFilter::default()).await.unwrap();
            table.connections.into_iter().next().unwrap().health
        };
        let health = fares().await;
        assert_eq!((health.state, health.failures), (HealthState::Degraded, 0), "{health:?}");
        assert!(health.notice.unwrap().contains("\"localhost\" issued by \"Test Authority\" ends in"));

        let renewed = authority.serve_well(&simulator.url()).await;
        let change = json!({"parameters": {"Server URL": renewed, "Password": account.password}});
        stage.update(&administrator, connection.id, change).await.unwrap();
        wired.minute(&stage).await;
        assert_eq!(fares().await.state, HealthState::Healthy);

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
        let health = fares().await;
        assert_eq!(health.state, HealthState::Degraded, "{health:?}");
        assert!(health.notice.unwrap().contains("1 ms or more is slow"));
    }
}

#[tokio::test]
async fn with_a_connection_go_its_schedules_whatever_they_were() {
    for stage in Stage::on_both().await {
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
    for stage in Stage::on_both().await {
        let simulator = simulator().await;
        let connection = stage.footprint(&simulator, "Production").await;
        let administrator = stage.administrator().await;
        assert!(stage.executor.test(&administrator, connection.id).await.unwrap().passed);
        let connections = stage.executor.connections();
        let history = connections.health_history(&administrator, connection.id, None, 10).await.unwrap();
        assert_eq!(history.checks.len(), 1);
        assert_eq!((history.connection.health.state, history.connection.checked), (HealthState::Healthy, false));
    }
}

#[tokio::test]
async fn any_command_runs_by_a_schedule_in_its_makers_name_and_its_log_has_input_output_and_error() {
    for stage in Stage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        give(&stage, &analyst, Role::Analyst).await;
        let device = simulator.known().agent_device;
        let mut asked = nightly();
        asked["parameters"] = json!({ "Device ID": device });
        let made = wired.create(&stage, &analyst, draft(asked)).await.unwrap();
        assert_eq!((made.user.as_str(), made.every_minutes), ("Ann", Some(1)));
        assert_eq!(wired.minute(&stage).await, 1);
        let change = ScheduleChange {
            parameters: json!({ "Device ID": simulator.known().missing_device }).as_object().cloned(),
            ..ScheduleChange::default()
        };
        wired.update(&stage, &analyst, "nightly", change).await.unwrap();
        assert_eq!(wired.minute(&stage).await, 1);
        let log = wired.log(&stage, &analyst, "Nightly").await;
        assert_eq!(
            log.iter().map(|run| run.status).collect::<Vec<_>>(),
            [ScheduleRunStatus::Failed, ScheduleRunStatus::Successful]
        );
        assert!(log[0].error.as_deref().unwrap().starts_with("List Device Vulnerabilities failed.\n"), "{log:?}");
        assert_eq!(log[1].input.get(), json!({ "Device ID": device }).to_string());
        let output: Value = serde_json::from_str(log[1].output.get()).unwrap();
        assert_eq!(output["returnData"], "Successful");
        let runs = stage.executor.runs(&analyst, &Default::default()).await.unwrap();
        assert_eq!(runs.iter().filter(|run| run.user == "Ann").count(), 2, "and in the run history");
        assert_eq!(runs[1].request_id, log[1].request_id);
    }
}

#[tokio::test]
async fn a_schedule_runs_with_the_rights_that_its_maker_has_at_that_moment() {
    for stage in Stage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        wired.create(&stage, &analyst, draft(nightly())).await.unwrap();
        give(&stage, &analyst, Role::Viewer).await;
        assert_eq!(wired.minute(&stage).await, 1);
        let log = wired.log(&stage, &stage.administrator().await, "Nightly").await;
        assert_eq!(log[0].status, ScheduleRunStatus::Failed);
        assert!(log[0].error.as_deref().unwrap().contains("right to use connections"), "{log:?}");
    }
}

#[tokio::test]
async fn who_may_not_and_what_cannot_work_is_refused_with_what_to_do() {
    for stage in Stage::on_both().await {
        let (simulator, wired) = (simulator().await, Wired::on(&stage));
        stage.footprint(&simulator, "Production").await;
        let administrator = stage.administrator().await;
        let viewer = stage.caller("Vic", &stage.site, &[(stage.site.id, Role::Viewer)]).await;
        let analyst = stage.caller("Ann", &stage.site, &[(stage.site.id, Role::Analyst)]).await;
        assert!(because(wired.create(&stage, &viewer, draft(nightly())).await).contains("right to use connections"));
        let bad = [
            ("everyMinutes", json!(0), "expected 1 to"),
            ("cron", json!("30 2 * * *"), "either every how many minutes"),
            ("command", json!("Make Coffee"), "Make Coffee"),
            ("parameters", json!({"Device": "x"}), "Device"),
            ("name", json!(" "), "visible characters"),
            ("alertAfter", json!(0), "1 to 100"),
            ("alertTo", json!(["soc"]), "Expected a mail address"),
            ("site", json!("Nowhere"), "There is no site"),
            ("connection", json!("Staging"), "There is no connection \"Staging\""),
        ];
        for (field, value, expected) in bad {
            let mut asked = nightly();
            asked[field] = value;
            let refused = because(wired.create(&stage, &administrator, draft(asked)).await);
            assert!(refused.contains(expected), "{field}: {refused}");
        }
        let mut cron = nightly();
        cron["everyMinutes"] = Value::Null;
        cron["cron"] = json!("61 * * * *");
        assert!(because(wired.create(&stage, &administrator, draft(cron.clone())).await).contains("five fields"));
        cron["cron"] = json!("30 2 * * 1-5");
        let made = wired.create(&stage, &administrator, draft(cron)).await.unwrap();
        assert_eq!((made.cron.as_deref(), made.time_zone), (Some("30 2 * * 1-5"), Some(stage.site.time_zone.clone())));
        let again = because(wired.create(&stage, &analyst, draft(nightly())).await);
        assert!(again.contains("schedule \"Nightly\" exists already"), "{again}");
        let stop = ScheduleChange { active: Some(false), ..ScheduleChange::default() };
        assert!(because(wired.update(&stage, &analyst, "Nightly", stop.clone()).await).contains("manage connections"));
        assert!(because(wired.delete(&stage, &analyst, "Nightly").await).contains("manage connections"));
        assert!(because(wired.delete(&stage, &administrator, "Weekly").await).contains("no schedule \"Weekly\""));
        wired.update(&stage, &administrator, "NIGHTLY", stop).await.unwrap();
        let change = ScheduleChange { every_minutes: Some(5), ..ScheduleChange::default() };
        let changed = wired.update(&stage, &administrator, "Nightly", change).await.unwrap();
        assert_eq!((changed.active, changed.every_minutes, changed.cron), (false, Some(5), None));
        assert!(wired.list(&stage, &administrator, Some(stage.client.id)).await.is_empty(), "by site");
        assert!(wired.list(&stage, &viewer_elsewhere(&stage).await, None).await.is_empty(), "others' sites");
        assert_eq!(wired.list(&stage, &analyst, None).await.len(), 1);
        wired.delete(&stage, &administrator, "Nightly").await.unwrap();
        assert!(wired.list(&stage, &analyst, None).await.is_empty());
        let unknown = serde_json::from_value::<ScheduleDraft>(json!({"name": "x", "interval": 5}));
        assert!(unknown.is_err(), "a field that nobody knows is refused");
    }
}

/// Somebody who works on another site only.
async fn viewer_elsewhere(stage: &Stage) -> Caller {
    stage.caller("Eve", &stage.client, &[(stage.client.id, Role::Analyst)]).await
}

/// Gives the caller's user a role in the store, where schedules look.
async fn give(stage: &Stage, caller: &Caller, role: Role) {
    let mut transaction = stage.test.store.transaction().await.unwrap();
    transaction.records().set_role(caller.user.id, stage.site.id, role).await.unwrap();
    transaction.commit().await.unwrap();
}
