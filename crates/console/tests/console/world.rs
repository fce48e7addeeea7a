//! A served host with sample data, for tests of pages.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use coda_footprint::FootprintPlugin;
use footprint_simulator::{Options, Simulator, UserKind};
use reqwest::redirect::Policy;
use serde_json::json;
use soar_connector::{Clock, RawParameters, SystemClock};
use soar_host::Host;
use soar_host::connections::{ConnectionChange, ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::operations::RequestContext;
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{RunningHost, serve_with_pages};
use soar_store::model::{
    Allowed, AuditEntry, Caller, CheckError, CheckResult, ConnectionId, DynamicField, FieldKind, Moment, Role,
    SiteKind, Surface,
};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewCase, NewSite, NewUser, Ran, RunFilter};
use sqlx::Connection as _;

pub use crate::password::PASSWORD;
use crate::password::give_password;

/// The site of the sample data.
pub const SITE: &str = "Security Operations";

/// An account of the simulated product.
pub struct ProductAccount {
    pub user_name: String,
    pub password: String,
}

/// A served host. Its users are `Admin` and, each with that role on the site, `Manager`, `Analyst` and `Viewer`;
/// `Nobody` has no role.
pub struct ConsoleWorld {
    pub url: String,
    pub host: Arc<Host>,
    pub caller: Caller,
    pub simulator: Simulator,
    pub running: RunningHost,
    pub test: TestStore,
}

impl ConsoleWorld {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut HostSettings)) -> Self {
        Self::made(Options::default(), change).await
    }

    /// A host with connections to a simulator of this size.
    pub async fn made(options: Options, change: impl FnOnce(&mut HostSettings)) -> Self {
        let simulator = Simulator::start(options).await.unwrap();
        let test = TestStore::on(Engine::Sqlite).await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let now = Moment::from(clock.now());
        let registry = PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap();
        let vault = Vault::new(VaultSettings::default());
        let keyring = Keyring::generate().unwrap();
        let connections = Connections::new(test.store.clone(), Arc::new(registry), keyring, vault, clock)
            .with_webhooks(["operations".to_owned()].into_iter().collect());
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let site = records.create_site(&site(), now).await.unwrap();
        let new = |name: &str, is_administrator| NewUser { name: name.to_owned(), email: None, is_administrator };
        let admin = records.create_user(&new("Admin", true), now).await.unwrap();
        for role in Role::ALL {
            let user = records.create_user(&new(role.as_str(), false), now).await.unwrap();
            records.set_role(user.id, site.id, *role).await.unwrap();
        }
        records.create_user(&new("Nobody", false), now).await.unwrap();
        let caller = Caller {
            user: admin,
            site: site.clone(),
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            request_id: "preparation".to_owned(),
        };
        let user = simulator.user(UserKind::Administrator);
        let draft = |name: &str, password: &str| -> ConnectionDraft {
            serde_json::from_value(json!({
                "integration": "coda-footprint", "name": name, "site": SITE, "healthCheckMinutes": 5,
                "parameters": {"Server URL": simulator.url(), "User Name": user.user_name, "Password": password},
            }))
            .unwrap()
        };
        let (good, bad) = (draft("Footprint", &user.password), draft("Footprint of Acme", "wrong"));
        connections.create_in(&mut records, &caller, good).await.unwrap();
        connections.create_in(&mut records, &caller, bad).await.unwrap();
        transaction.commit().await.unwrap();
        let executor = Executor::start(connections, ExecutorSettings::default()).await.unwrap();
        let mut settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        change(&mut settings);
        let host = Host::with_connectors(settings, executor).unwrap();
        for user in ["Admin", "Manager", "Analyst", "Viewer", "Nobody"] {
            give_password(&host, user).await;
        }
        let running = serve_with_pages(Arc::clone(&host), Some(soar_console::pages_and_gallery)).await.unwrap();
        Self { url: running.url(), host, caller, simulator, running, test }
    }

    /// Runs a command without parameters on the working connection.
    pub async fn run(&self, command: &str) {
        self.run_with(command, RawParameters::new()).await;
    }

    /// Runs a command on the working connection.
    pub async fn run_with(&self, command: &str, parameters: RawParameters) {
        let executor = self.host.executor.as_ref().unwrap();
        let run = executor.run(&self.caller, "coda-footprint", Some("Footprint"), command, parameters);
        run.await.unwrap();
    }

    /// Shares the working connection with all tenants, under a name that no tenant has.
    pub async fn share(&self) {
        let change = serde_json::from_value(json!({ "name": "Shared Footprint", "tenant": "All tenants" })).unwrap();
        self.change(ConnectionId(1), change).await;
    }

    /// Creates an incident with this title, and returns its number.
    pub async fn incident(&self, title: &str) -> String {
        let incident = json!({ "site": SITE, "incidentType": "Phishing", "title": title, "severity": "High" });
        let incident = serde_json::from_value(incident).unwrap();
        self.host.operations.create_incident(&self.context(), incident).await.unwrap().incident.number
    }

    /// Stores an open case with this title, and links the incident to it.
    pub async fn case(&self, number: &str, title: &str, incident: &str) {
        let mut transaction = self.host.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let now = records.now().await.unwrap();
        let new =
            NewCase { title: title.to_owned(), ..NewCase::open(number.to_owned(), self.caller.site.id, "Admin", now) };
        let cases = records.insert_cases(&[new]).await.unwrap();
        let incident = records.incident_for_change(incident).await.unwrap();
        records.link_to_cases(&[incident.id], &cases, "Admin", now).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Gives an incident a field with this value, and one without a value that is required on close.
    pub async fn fields(&self, number: &str, value: &str) {
        let field = |section: &str, name: &str, value: Option<&str>| DynamicField {
            section: section.to_owned(),
            name: name.to_owned(),
            kind: FieldKind::InfoActivity,
            required_on_close: value.is_none(),
            value: value.map(str::to_owned),
        };
        let fields = [field("Findings", "List", Some(value)), field("Review", "Root Cause", None)];
        let mut transaction = self.host.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let incident = records.incident_for_change(number).await.unwrap();
        records.replace_details(&[(incident.id, &[], &fields)]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// The value of a field of an incident.
    pub async fn field(&self, number: &str, name: &str) -> Option<String> {
        let whole = self.host.operations.incident(&self.context(), number).await.unwrap();
        whole.fields.into_iter().find(|field| field.name == name).unwrap().value
    }

    /// Stores the results of health checks of 30 days: of the working connection one failure, of the other connection
    /// only failures in the last hour.
    pub async fn checks(&self) {
        let now = Moment::from(SystemClock::new().now());
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let indicator = "Test Connection failed. Failed to check the connector.";
        let tab = format!("{indicator}\nStatus Code: 401.\nMessage: wrong password.");
        let error = CheckError { tab, code: Some("invalid-credentials".to_owned()) };
        let mut transaction = self.host.store.transaction().await.unwrap();
        let mut records = transaction.records();
        for id in [ConnectionId(1), ConnectionId(2)] {
            let schedule = records.health_check(id).await.unwrap().unwrap();
            for ago in (0..30 * 4).rev().map(|step| step * 360).chain([9, 6, 3]) {
                let is_bad = if id.0 == 1 { ago == 360 * 8 } else { ago < 60 };
                let check = CheckResult {
                    latency_ms: i64::try_from(80 + ago % 70).unwrap(),
                    error: is_bad.then(|| error.clone()),
                    expiring: None,
                };
                let at = now - minutes(ago + 1);
                let ran = Ran { started_at: at, ended_at: at, node: "test".to_owned() };
                records.record_check(&schedule, at, &check, &ran).await.unwrap();
            }
        }
        transaction.commit().await.unwrap();
    }

    /// Stores a failed check of the working connection, whose error has no code.
    pub async fn failed_check(&self, tab: &str) {
        let mut transaction = self.host.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let schedule = records.health_check(ConnectionId(1)).await.unwrap().unwrap();
        let error = CheckError { tab: tab.to_owned(), code: None };
        let check = CheckResult { latency_ms: 80, error: Some(error), expiring: None };
        let at = records.now().await.unwrap();
        let ran = Ran { started_at: at, ended_at: at, node: "test".to_owned() };
        records.record_check(&schedule, at, &check, &ran).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Takes the store's file away from the host.
    pub async fn break_store(&self) {
        tokio::fs::rename(self.store_file(), self.store_file().with_extension("away")).await.unwrap();
    }

    /// Gives the store's file back.
    pub async fn mend_store(&self) {
        tokio::fs::rename(self.store_file().with_extension("away"), self.store_file()).await.unwrap();
    }

    /// Holds the lock of the store, as another program could, until the connection ends its transaction.
    pub async fn hold_store(&self) -> sqlx_sqlite::SqliteConnection {
        let mut connection = sqlx_sqlite::SqliteConnection::connect(&self.test.address).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        connection
    }

    fn store_file(&self) -> PathBuf {
        let address = self.test.address.as_str();
        PathBuf::from(address.strip_prefix("sqlite://").or_else(|| address.strip_prefix("sqlite:")).unwrap_or(address))
    }

    /// The context of operations of the administrator.
    pub fn context(&self) -> RequestContext {
        RequestContext {
            user: self.caller.user.clone(),
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            key_expires_at: None,
            entry: AuditEntry::new(Moment::from(SystemClock::new().now()), Surface::Terminal, "preparation"),
            idempotency: None,
        }
    }

    /// The account of the working connection.
    pub fn account(&self) -> ProductAccount {
        let user = self.simulator.user(UserKind::Administrator);
        ProductAccount { user_name: user.user_name.clone(), password: user.password.clone() }
    }

    /// Changes a connection, as another user.
    pub async fn change(&self, id: ConnectionId, change: ConnectionChange) {
        let connections = self.host.operations.connections.as_ref().unwrap();
        let mut transaction = self.host.store.transaction().await.unwrap();
        connections.update_in(&mut transaction.records(), &self.caller, id, change).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// The status of the answer to a form that a session sends.
    pub async fn post(&self, cookie: &str, path: &str, body: &str) -> u16 {
        self.answer(cookie, path, body).await.0
    }

    /// The status and the text of the answer to a form that a session sends.
    pub async fn answer(&self, cookie: &str, path: &str, body: &str) -> (u16, String) {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let profile = client.get(self.page("/profile")).header("cookie", cookie).send().await.unwrap();
        let text = profile.text().await.unwrap();
        let csrf = text.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let request = client.post(self.page(path)).header("cookie", cookie).body(format!("{body}&csrf={csrf}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The status and the text of the answer to a request of a session.
    pub async fn get(&self, cookie: &str, path: &str) -> (u16, String) {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let answer = client.get(self.page(path)).header("cookie", cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asserts that the audit log has calls with each of these reasons, all of them accepted.
    pub async fn accepted(&self, reasons: &[&str]) {
        let cookie = self.cookie("Admin").await;
        let (_, accepted) = self.get(&cookie, "/audit.csv?result=accepted").await;
        let (_, refused) = self.get(&cookie, "/audit.csv?result=refused").await;
        for reason in reasons {
            assert!(accepted.contains(reason) && !refused.contains(reason), "{reason}: {accepted} {refused}");
        }
    }

    /// The commands in the run history, the latest first.
    pub async fn runs(&self) -> Vec<String> {
        let mut reader = self.host.store.reader().await.unwrap();
        let runs = reader.records().runs(None, self.caller.user.id, true, &RunFilter::default()).await.unwrap();
        runs.into_iter().map(|run| run.command).collect()
    }

    /// The cookie of a new session of a user.
    pub async fn cookie(&self, user: &str) -> String {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let body = format!("user={user}&secret.password={}", PASSWORD.replace(' ', "+"));
        let request = client.post(self.page("/sign-in")).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    /// Makes the last request of each session two minutes older.
    pub async fn move_last_requests_back(&self) {
        let mut connection = sqlx_sqlite::SqliteConnection::connect(&self.test.address).await.unwrap();
        let moved = sqlx::query("UPDATE sessions SET seen_at = seen_at - 120000, created_at = created_at - 120000");
        moved.execute(&mut connection).await.unwrap();
    }

    /// The address of a page; `path` is its address below the console.
    pub fn page(&self, path: &str) -> String {
        format!("{}/console{path}", self.url)
    }
}

fn site() -> NewSite {
    NewSite {
        name: SITE.to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    }
}
