//! A host that is served for one test, with test commands.

mod commands;
mod full_host;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::access::{KeyRequest, SecretSeal, SecretSealError, issue_key};
use soar_host::commands::{CommandRegistry, IntegrationCommands};
use soar_host::settings::{HostSettings, TlsFiles};
use soar_server::{RunningHost, serve};
use soar_store::model::{Allowed, AuditEntry, KeyKind, Moment, Role, SiteKind};
use soar_store::testing::TestStore;
use soar_store::{AuditFilter, NewSite, NewSyncRun, NewUser};

pub use commands::{Gate, Vendor};
pub use full_host::FullHost;

/// Seals secrets by inverting their bits, which is enough for tests.
#[derive(Debug)]
pub struct TurnedOver;

impl SecretSeal for TurnedOver {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Vec<u8>, SecretSealError> {
        Ok(context.bytes().chain(secret.iter().map(|byte| !byte)).collect())
    }

    fn open(&self, context: &str, sealed: &[u8]) -> Result<zeroize::Zeroizing<Vec<u8>>, SecretSealError> {
        let sealed =
            sealed.strip_prefix(context.as_bytes()).ok_or_else(|| SecretSealError("another context".to_owned()))?;
        Ok(zeroize::Zeroizing::new(sealed.iter().map(|byte| !byte).collect()))
    }
}

/// A certificate for this machine, in files of `folder`, and its text.
pub fn certificate(folder: &Path) -> (TlsFiles, String) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (TlsFiles { certificate, key }, made.cert.pem())
}

/// A host under test.
pub struct TestHost {
    pub host: Arc<Host>,
    pub running: Option<RunningHost>,
    pub url: String,
    pub clock: ManualClock,
    pub gate: Arc<Gate>,
    pub vendor: Arc<Vendor>,
    /// The key of the administrator `Admin`, without limits.
    pub key: String,
    pub client: reqwest::Client,
    pub test: TestStore,
}

pub fn site(name: &str) -> NewSite {
    NewSite {
        name: name.to_owned(),
        kind: SiteKind::Internal,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    }
}

/// A run of Sync Connection that begins.
pub fn new_sync() -> NewSyncRun {
    NewSyncRun {
        request: "{}".to_owned(),
        planned: false,
        retry_of: None,
        username: "Admin".to_owned(),
        request_id: "one".to_owned(),
    }
}

pub fn key_request(name: &str, owner: &str) -> KeyRequest {
    KeyRequest {
        name: name.to_owned(),
        kind: KeyKind::Api,
        owner: owner.to_owned(),
        users: Vec::new(),
        sites: Allowed::All,
        commands: Allowed::All,
        may_manage: false,
        requires_expiry: true,
        expires_at: None,
    }
}

impl TestHost {
    /// One on each engine.
    pub async fn on_both() -> Vec<Self> {
        Self::on_both_with(|_| {}).await
    }

    /// One on each engine, with other settings.
    pub async fn on_both_with(change: impl Fn(&mut HostSettings)) -> Vec<Self> {
        let mut hosts = Vec::new();
        for test in TestStore::on_both().await {
            let mut settings = Self::settings();
            change(&mut settings);
            hosts.push(Self::start(test, settings).await);
        }
        hosts
    }

    /// A free port, and as many calls as there are.
    pub fn settings() -> HostSettings {
        HostSettings { listen: ([127, 0, 0, 1], 0).into(), requests_per_second: 0, ..HostSettings::default() }
    }

    /// One on this store.
    pub async fn start(test: TestStore, settings: HostSettings) -> Self {
        let clock = ManualClock::held();
        let test = test.on_clock(Arc::new(clock.clone()));
        let mut transaction = test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        let security = records.create_site(&site("Security Operations"), Moment(1)).await.unwrap();
        let new = NewUser { name: "Admin".to_owned(), email: None, is_administrator: true };
        records.create_user(&new, Moment(1)).await.unwrap();
        let new = NewUser { name: "analyst".to_owned(), email: None, is_administrator: false };
        let analyst = records.create_user(&new, Moment(1)).await.unwrap();
        records.set_role(analyst.id, security.id, Role::Analyst).await.unwrap();
        let request =
            KeyRequest { users: vec!["analyst".to_owned()], may_manage: true, ..key_request("playbooks", "Admin") };
        let issued = issue_key(&mut records, &TurnedOver, &request, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        Self::over(test, settings, clock, issued.text.to_string()).await
    }

    /// Another host on the same store, whose own clock is ahead of the database's.
    pub async fn beside(&self, ahead: Duration) -> Self {
        let clock = ManualClock::held_at(self.clock.now() + ahead);
        Self::over(self.test.shared(), Self::settings(), clock, self.key.clone()).await
    }

    /// One on a prepared store, with the key of its administrator.
    async fn over(test: TestStore, settings: HostSettings, clock: ManualClock, key: String) -> Self {
        let gate = Arc::new(Gate::new());
        let vendor = Arc::new(Vendor::new(Arc::clone(&gate)));
        let integrations: Arc<dyn IntegrationCommands> = vendor.clone();
        let registry = CommandRegistry::new()
            .with_utilities(commands::utilities(&gate))
            .unwrap()
            .with_integrations(&integrations)
            .unwrap();
        let host = Host::new(settings, test.store.clone(), Arc::new(clock.clone()), Arc::new(TurnedOver), registry);
        let running = serve(Arc::clone(&host)).await.unwrap();
        let url = running.url();
        let client = reqwest::Client::builder().build().unwrap();
        Self { host, running: Some(running), url, clock, gate, vendor, key, client, test }
    }

    /// A call of `command` by Admin, without a key.
    pub fn bare(&self, command: &str, parameters: Value) -> reqwest::RequestBuilder {
        self.by("Admin", command, parameters)
    }

    /// A call by `user`, without a key.
    pub fn by(&self, user: &str, command: &str, parameters: Value) -> reqwest::RequestBuilder {
        let body = json!({ "Username": user, "Site": "Security Operations", "CommandParams": parameters });
        self.client.post(format!("{}/VSOC/api/Command/{command}", self.url)).json(&body)
    }

    /// A call of `command` by Admin with the key.
    pub fn command(&self, command: &str, parameters: Value) -> reqwest::RequestBuilder {
        self.bare(command, parameters).header("d3key", &self.key)
    }

    /// A call of the management API with the key.
    pub fn manage(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/manage/v1{path}", self.url);
        self.client.request(method.parse().unwrap(), url).header("d3key", &self.key)
    }

    /// Makes a key, and returns its text.
    pub async fn issue(&self, request: &KeyRequest) -> String {
        let mut transaction = self.test.store.transaction().await.unwrap();
        let issued = issue_key(&mut transaction.records(), &TurnedOver, request, self.now()).await.unwrap();
        transaction.commit().await.unwrap();
        issued.text.to_string()
    }

    /// The time of the host's clock.
    pub fn now(&self) -> Moment {
        Moment(i64::try_from(self.clock.now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap())
    }

    /// The whole audit log, the oldest first.
    pub async fn audit(&self) -> Vec<AuditEntry> {
        let mut reader = self.test.store.reader().await.unwrap();
        let entries = reader.records().audit(&AuditFilter::default(), 1000).await.unwrap();
        entries.into_iter().rev().map(|(_, entry)| entry).collect()
    }

    /// The names of all sites, which `MakeNote` makes.
    pub async fn notes(&self) -> Vec<String> {
        let sites = self.test.store.reader().await.unwrap().records().sites().await.unwrap();
        sites.into_iter().map(|site| site.name).filter(|name| name != "Security Operations").collect()
    }
}

/// The status and the body of an answer, which is JSON and has a request id.
pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    assert!(response.headers().contains_key("x-request-id"), "{response:?}");
    assert_eq!(response.headers()["content-type"], "application/json", "{response:?}");
    (response.status().as_u16(), response.json().await.unwrap())
}
