//! A host as it is served to a site: every command, and nothing of the tests' own.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use coda_footprint::FootprintPlugin;
use serde_json::{Value, json};
use soar_connector::Plugin;
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::access::issue_key;
use soar_host::connections::Connections;
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::transfer::{Format, ImportOptions, OnConflict, Subject, import};
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{RunningHost, serve};
use soar_store::model::{Allowed, AuditEntry, Caller, Moment, Role, Surface};
use soar_store::testing::TestStore;
use soar_store::{Engine, NewUser};

use super::{key_request, site};

/// January 27, 2021, 06:08 in the morning where the site is, in seconds since 1970.
const SAMPLE_TIME: u64 = 1_611_756_480;

/// A host with all utility commands and the connector, and `Admin`, who manages `Security Operations`.
pub struct FullHost {
    pub url: String,
    pub key: String,
    pub client: reqwest::Client,
    pub test: TestStore,
    pub caller: Caller,
    pub connections: Connections,
    _running: RunningHost,
}

impl FullHost {
    pub async fn on(engine: Engine, change: impl Fn(&mut HostSettings)) -> Self {
        Self::with(engine, vec![Arc::new(FootprintPlugin::new().unwrap())], change).await
    }

    /// One with these plugins.
    pub async fn with(engine: Engine, plugins: Vec<Arc<dyn Plugin>>, change: impl Fn(&mut HostSettings)) -> Self {
        let clock = Arc::new(ManualClock::held_at(UNIX_EPOCH + Duration::from_secs(SAMPLE_TIME)));
        let test = TestStore::on(engine).await.on_clock(clock.clone());
        let keyring = Keyring::generate().unwrap();
        let registry = PluginRegistry::new(plugins, &[]).unwrap();
        let vault = Vault::new(VaultSettings::default());
        let connections = Connections::new(test.store.clone(), Arc::new(registry), keyring.clone(), vault, clock);
        let executor = Executor::start(connections.clone(), ExecutorSettings::default()).await.unwrap();

        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let security = records.create_site(&site("Security Operations"), Moment(1)).await.unwrap();
        let new = |name: &str| NewUser { name: name.to_owned(), email: None, is_administrator: false };
        let admin = records.create_user(&new("Admin"), Moment(1)).await.unwrap();
        records.set_role(admin.id, security.id, Role::Manager).await.unwrap();
        records.create_user(&new("admin user"), Moment(1)).await.unwrap();
        let key = issue_key(&mut records, &keyring, &key_request("playbooks", "Admin"), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();

        let mut settings = HostSettings { listen: ([127, 0, 0, 1], 0).into(), ..HostSettings::default() };
        settings.base_path = "/MainApp".to_owned();
        change(&mut settings);
        let running = serve(Host::with_connectors(settings, executor).unwrap()).await.unwrap();
        let caller = Caller {
            user: admin,
            roles: [(security.id, Role::Manager)].into(),
            reach: Allowed::All,
            site: security,
            key: None,
            request_id: "preparation".to_owned(),
        };
        let (url, client) = (running.url(), reqwest::Client::new());
        Self { url, key: key.text.to_string(), client, test, caller, connections, _running: running }
    }

    pub async fn on_both() -> [Self; 2] {
        [Self::on(Engine::Sqlite, |_| {}).await, Self::on(Engine::Postgres, |_| {}).await]
    }

    /// Sends a documented body as it stands.
    pub async fn send(&self, command: &str, body: &str) -> (u16, Value) {
        let request = self.post(command).header("d3key", &self.key).header("content-type", "application/json");
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A call of a command without a key or a body.
    pub fn post(&self, command: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}/MainApp/VSOC/api/Command/{command}", self.url))
    }

    /// Imports incidents and cases of these numbers.
    pub async fn prepare(&self, incidents: &[&str], cases: &[&str]) {
        for (subject, numbers) in [(Subject::Incidents, incidents), (Subject::Cases, cases)] {
            let rows: Vec<_> = numbers
                .iter()
                .map(|number| json!({ "number": number, "title": "A sample", "site": "Security Operations" }))
                .collect();
            let text = serde_json::to_vec(&rows).unwrap();
            let options = ImportOptions { subject, format: Format::Json, on_conflict: OnConflict::Fail };
            let entry = AuditEntry::new(Moment(1), Surface::Terminal, "prepare");
            let report = import(&self.test.store, &self.caller, options, &text[..], &entry, &mut |_| {}).await.unwrap();
            assert_eq!((report.added, report.failed), (numbers.len() as u64, 0), "{report:?}");
        }
    }
}
