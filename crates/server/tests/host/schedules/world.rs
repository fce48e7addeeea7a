//! A scheduler on a manual clock, with a runner and a courier that record their calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::alerts::{Courier, Rendered as _};
use soar_host::scheduler::{Claim, Scheduler, SchedulerSettings, WorkRunner};
use soar_store::model::{
    Cadence, CheckError, CheckResult, ConnectionId, Destination, Message, Moment, NewSchedule, RunReport, Schedule,
    ScheduleId, ScheduleKind, Site, SiteKind,
};
use soar_store::{NewSite, Store};

pub const MINUTE: i64 = 60_000;

#[derive(Debug, Default)]
pub struct Runs {
    /// Connections whose checks fail.
    pub failing: Mutex<BTreeSet<ConnectionId>>,
    /// How often each connection was checked.
    pub checked: Mutex<BTreeMap<ConnectionId, usize>>,
    /// Names of the commands' schedules that ran.
    pub ran: Mutex<Vec<String>>,
}

#[async_trait]
impl WorkRunner for Runs {
    async fn check(&self, schedule: &Schedule) -> CheckResult {
        let connection = schedule.what.connection_id;
        *self.checked.lock().unwrap().entry(connection).or_default() += 1;
        let failed = self.failing.lock().unwrap().contains(&connection);
        let tab = "Test Connection failed. Failed to check the connector.\nStatus Code: 503.\nMessage: Unavailable.";
        assert!(schedule.what.server != "panic", "a connector's defect");
        let error = failed.then(|| CheckError { tab: tab.to_owned(), code: Some("service-unavailable".to_owned()) });
        CheckResult { latency_ms: 20, error, expiring: None }
    }

    async fn run(&self, schedule: &Schedule) -> Option<RunReport> {
        self.ran.lock().unwrap().push(schedule.what.name.clone());
        let failed = self.failing.lock().unwrap().contains(&schedule.what.connection_id);
        Some(RunReport {
            output: r#"{"returnData":"Successful"}"#.to_owned(),
            error: failed.then(|| "List Devices failed.\nStatus Code: 404.\nMessage: Not Found.".to_owned()),
            request_id: "r-1".to_owned(),
        })
    }
}

#[derive(Debug, Default)]
pub struct Delivered {
    pub messages: Mutex<Vec<Message>>,
    /// Whether all deliveries fail.
    pub broken: Mutex<bool>,
}

#[async_trait]
impl Courier for Delivered {
    async fn deliver(&self, message: &Message, _now: Moment) -> Result<(), String> {
        if *self.broken.lock().unwrap() {
            return Err("The mail server did not accept the mail: it is away.".to_owned());
        }
        self.messages.lock().unwrap().push(message.clone());
        Ok(())
    }
}

impl Delivered {
    pub fn subjects(&self) -> Vec<String> {
        self.messages.lock().unwrap().iter().map(|message| message.content.subject()).collect()
    }
}

/// One node.
pub struct SchedulerNode {
    pub store: Store,
    pub clock: ManualClock,
    pub runs: Arc<Runs>,
    pub delivered: Arc<Delivered>,
    pub scheduler: Arc<Scheduler>,
}

impl SchedulerNode {
    pub fn new(store: &Store) -> Self {
        Self::with_clock(store, ManualClock::held())
    }

    /// One whose clock stands at `start`.
    pub fn at(store: &Store, start: SystemTime) -> Self {
        Self::with_clock(store, ManualClock::held_at(start))
    }

    /// Another node on the same store and clock.
    pub fn beside(&self) -> Self {
        Self::with_clock(&self.store, self.clock.clone())
    }

    fn with_clock(store: &Store, clock: ManualClock) -> Self {
        let (runs, delivered) = (Arc::new(Runs::default()), Arc::new(Delivered::default()));
        let store = store.on_clock(Arc::new(clock.clone()));
        let scheduler = Scheduler::new(
            store.clone(),
            Arc::new(clock.clone()),
            runs.clone(),
            delivered.clone(),
            SchedulerSettings::default(),
        );
        Self { store, clock, runs, delivered, scheduler: Arc::new(scheduler) }
    }

    /// Runs all due work. Returns the number of stored results.
    pub async fn work(&self) -> usize {
        let mut written = 0;
        loop {
            let look = self.scheduler.look().await.unwrap();
            let done = futures_util::future::join_all(look.claims.into_iter().map(|claim| self.scheduler.run(claim)));
            written += done.await.into_iter().filter(|written| *written).count();
            if !look.is_full {
                return written;
            }
        }
    }

    /// Claims due work without running it.
    pub async fn claim(&self) -> Vec<Claim> {
        self.scheduler.look().await.unwrap().claims
    }

    /// The time of the test's clock.
    pub fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    /// Advances the clock by `seconds` in steps of a second, and runs due work. Returns the number of stored results.
    pub async fn pass(&self, seconds: usize) -> usize {
        let mut done = 0;
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            done += self.work().await;
            self.scheduler.tell().await.unwrap();
            self.scheduler.deliver().await.unwrap();
        }
        done
    }

    pub async fn create(&self, new: &NewSchedule) -> Schedule {
        let mut transaction = self.store.transaction().await.unwrap();
        let schedule = transaction.records().create_schedule(new).await.unwrap();
        transaction.commit().await.unwrap();
        schedule
    }

    pub async fn change(&self, id: ScheduleId, changed: &NewSchedule) -> Schedule {
        let mut transaction = self.store.transaction().await.unwrap();
        let schedule = transaction.records().change_schedule(id, changed).await.unwrap();
        transaction.commit().await.unwrap();
        schedule
    }

    pub async fn site(&self, name: &str) -> Site {
        let site = NewSite {
            name: name.to_owned(),
            kind: SiteKind::Internal,
            description: String::new(),
            time_zone: "America/Vancouver".to_owned(),
            language: "en".to_owned(),
        };
        let mut transaction = self.store.transaction().await.unwrap();
        let site = transaction.records().create_site(&site, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        site
    }

    pub fn checked(&self, connection: ConnectionId) -> usize {
        self.runs.checked.lock().unwrap().get(&connection).copied().unwrap_or(0)
    }

    pub fn fail(&self, connections: impl IntoIterator<Item = i64>) {
        self.runs.failing.lock().unwrap().extend(connections.into_iter().map(ConnectionId));
    }

    pub fn heal(&self) {
        self.runs.failing.lock().unwrap().clear();
    }
}

/// A health check once a minute with alerts to soc@example.com.
pub fn check_of(connection: ConnectionId) -> NewSchedule {
    NewSchedule {
        kind: ScheduleKind::HealthCheck,
        name: format!("Production {connection}"),
        site_id: None,
        connection_id: connection,
        server: "https://footprint.example.com".to_owned(),
        user_id: None,
        command: "Test Connection".to_owned(),
        parameters: serde_json::Map::new(),
        repeatable: true,
        cadence: Cadence::Every { interval_ms: MINUTE },
        active: true,
        alert_to: vec!["soc@example.com".parse::<Destination>().unwrap()],
        alert_after: 3,
        recover_after: 2,
        slow_ms: 5000,
    }
}

/// A command once a minute.
pub fn command_of(connection: ConnectionId, name: &str, site: &Site) -> NewSchedule {
    NewSchedule {
        kind: ScheduleKind::Command,
        name: name.to_owned(),
        site_id: Some(site.id),
        command: "List Devices".to_owned(),
        alert_after: 1,
        recover_after: 1,
        ..check_of(connection)
    }
}
