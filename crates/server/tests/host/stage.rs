//! A host without a server: a store, sites, users, plugins and an executor, for tests of what runs commands.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, LazyLock};

use coda_footprint::FootprintPlugin;
use footprint_simulator::{Options, Simulator, UserKind};
use serde_json::{Value, json};
use soar_connector::testing::ManualClock;
use soar_connector::{Plugin, RawParameters};
use soar_host::Refusal;
use soar_host::agents::{AgentChange, AgentDraft, Agents};
use soar_host::connections::{ConnectionChange, ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::vault::{Vault, VaultSettings};
use soar_store::model::{Agent, Allowed, Caller, Connection, ConnectionId, Moment, Role, Site, SiteId, SiteKind, User};
use soar_store::testing::TestStore;
use soar_store::{NewSite, NewUser};
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::direct::DirectConnections as _;
use crate::gate::GatePlugin;

pub struct ExecutorStage {
    pub test: TestStore,
    pub executor: Executor,
    pub clock: ManualClock,
    pub keyring: Keyring,
    pub folder: TempDir,
    pub gate: Arc<GatePlugin>,
    /// `Security Operations`, an internal site.
    pub site: Site,
    /// `Client`, a client site.
    pub client: Site,
}

impl ExecutorStage {
    /// `secret` is not in the store: its files, or every table on PostgreSQL.
    pub async fn assert_store_lacks(&self, secret: &str) {
        let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        if self.test.address.contains("://") {
            let mut connection = sqlx::AnyConnection::connect(&self.test.address).await.unwrap();
            let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
            let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
            assert!(tables.contains(&"connection_parameters".to_owned()), "{tables:?}");
            for table in tables {
                let rows = format!("SELECT COALESCE(string_agg(t::text, ' '), '')::text FROM \"{table}\" t");
                let rows = sqlx::query_scalar(sqlx::AssertSqlSafe(rows)).fetch_one(&mut connection).await;
                let rows: String = rows.unwrap();
                assert!(!rows.contains(secret) && !rows.contains(&hexadecimal), "{table}: {rows}");
            }
            return;
        }
        for end in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{end}", self.test.address)).unwrap_or_default();
            assert!(!end.is_empty() || !bytes.is_empty(), "{}", self.test.address);
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }

    pub async fn on_both() -> Vec<Self> {
        Self::on_both_with(ExecutorSettings::default(), VaultSettings::default()).await
    }

    pub async fn on_both_with(settings: ExecutorSettings, vault: VaultSettings) -> Vec<Self> {
        let mut stages = Vec::new();
        for test in TestStore::on_both().await {
            stages.push(Self::over(test, settings.clone(), vault.clone()).await);
        }
        stages
    }

    pub async fn over(test: TestStore, settings: ExecutorSettings, vault: VaultSettings) -> Self {
        Self::timed(test, settings, vault, ManualClock::new()).await
    }

    /// A stage whose clock advances only when the test advances it.
    pub async fn held(test: TestStore) -> Self {
        Self::timed(test, ExecutorSettings::default(), VaultSettings::default(), ManualClock::held()).await
    }

    async fn timed(test: TestStore, settings: ExecutorSettings, vault: VaultSettings, clock: ManualClock) -> Self {
        let test = test.on_clock(Arc::new(clock.clone()));
        let folder = TempDir::new().unwrap();
        let keyring = Keyring::create_file(&folder.path().join("keys")).unwrap();
        let gate = Arc::new(GatePlugin::new());
        // A debug build reads the manifest in 20 ms, and most tests have a stage.
        static LOADED: LazyLock<FootprintPlugin> = LazyLock::new(|| FootprintPlugin::new().unwrap());
        let footprint = LOADED.with_clock(Arc::new(clock.clone()));
        let registry =
            PluginRegistry::new(vec![Arc::new(footprint), Arc::clone(&gate) as Arc<dyn Plugin>], &[]).unwrap();
        let vault = Vault::with_environment(vault, |name| {
            let value = match name {
                "FOOTPRINT_SECRET_GOOD" => "open sesame",
                "HOME" => "/root",
                _ => return None,
            };
            Some(OsString::from(value))
        });
        let connections =
            Connections::new(test.store.clone(), Arc::new(registry), keyring.clone(), vault, Arc::new(clock.clone()))
                .with_webhooks(["operations".to_owned()].into_iter().collect());
        let mut transaction = test.store.transaction().await.unwrap();
        let site = new_site("Security Operations", SiteKind::Internal);
        let site = transaction.records().create_site(&site, Moment(1)).await.unwrap();
        let client = transaction.records().create_site(&new_site("Client", SiteKind::Client), Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        let executor = Executor::start(connections, settings).await.unwrap();
        Self { test, executor, clock, keyring, folder, gate, site, client }
    }

    /// Another process on the same store, with the same keys.
    pub async fn another_process(&self, settings: ExecutorSettings) -> Executor {
        Executor::start(self.executor.connections().clone(), settings).await.unwrap()
    }

    /// A user with these roles, calling on `site`.
    pub async fn caller(&self, name: &str, site: &Site, roles: &[(SiteId, Role)]) -> Caller {
        Caller {
            user: self.user(name, false).await,
            site: site.clone(),
            roles: roles.iter().copied().collect(),
            reach: Allowed::All,
            key: Some("a key".to_owned()),
            request_id: format!("request of {name}"),
        }
    }

    /// An administrator calling on the internal site.
    pub async fn administrator(&self) -> Caller {
        Caller {
            user: self.user("Admin", true).await,
            site: self.site.clone(),
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            request_id: "request of Admin".to_owned(),
        }
    }

    async fn user(&self, name: &str, is_administrator: bool) -> User {
        let mut transaction = self.test.store.transaction().await.unwrap();
        let mut records = transaction.records();
        if let Ok(user) = records.user(name).await {
            return user;
        }
        let new = NewUser { name: name.to_owned(), email: None, is_administrator };
        let user = records.create_user(&new, Moment(1)).await.unwrap();
        transaction.commit().await.unwrap();
        user
    }

    pub async fn create(&self, caller: &Caller, draft: Value) -> Result<Connection, Refusal> {
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        self.executor.connections().create(caller, draft).await
    }

    pub async fn update(&self, caller: &Caller, id: ConnectionId, change: Value) -> Result<Connection, Refusal> {
        let change: ConnectionChange = serde_json::from_value(change).unwrap();
        self.executor.connections().update(caller, id, change).await
    }

    /// Makes an agent.
    pub async fn agent(&self, caller: &Caller, draft: Value) -> Result<Agent, Refusal> {
        let draft: AgentDraft = serde_json::from_value(draft).unwrap();
        let mut transaction = self.test.store.transaction().await.unwrap();
        let made = self.agents().create_in(&mut transaction.records(), caller, &draft).await?;
        transaction.commit().await.unwrap();
        Ok(made)
    }

    /// Changes an agent.
    pub async fn change_agent(&self, caller: &Caller, name: &str, change: Value) -> Result<Agent, Refusal> {
        let change: AgentChange = serde_json::from_value(change).unwrap();
        let mut transaction = self.test.store.transaction().await.unwrap();
        let changed = self.agents().update_in(&mut transaction.records(), caller, name, &change).await?;
        transaction.commit().await.unwrap();
        Ok(changed)
    }

    /// Removes an agent.
    pub async fn remove_agent(&self, caller: &Caller, name: &str) -> Result<Agent, Refusal> {
        let mut transaction = self.test.store.transaction().await.unwrap();
        let removed = self.agents().delete_in(&mut transaction.records(), caller, name).await?;
        transaction.commit().await.unwrap();
        Ok(removed)
    }

    pub fn agents(&self) -> Agents {
        Agents::new(self.executor.connections().clone())
    }

    /// A connection of the gate plugin on the internal site.
    pub async fn gate(&self, name: &str) -> Connection {
        let draft = json!({"integration": "gate", "name": name, "site": "Security Operations",
            "parameters": {"Server URL": "http://gate.example", "Password": "open sesame"}});
        self.create(&self.administrator().await, draft).await.unwrap()
    }

    /// A connection to `simulator` on the internal site, as its administrator.
    pub async fn footprint(&self, simulator: &Simulator, name: &str) -> Connection {
        let user = simulator.user(UserKind::Administrator);
        let draft = json!({"integration": "CODA Footprint", "name": name, "site": "Security Operations",
            "parameters": {"Server URL": simulator.url(), "User Name": user.user_name, "Password": user.password}});
        self.create(&self.administrator().await, draft).await.unwrap()
    }
}

pub async fn simulator() -> Simulator {
    // A rescan that a test follows is over at its first question.
    let scan_duration = std::time::Duration::from_millis(500);
    Simulator::start(Options { scan_duration, ..Options::default() }).await.unwrap()
}

pub fn because<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    match result {
        Err(
            error @ (Refusal::Because(_)
            | Refusal::Forbidden(_)
            | Refusal::Unable(_)
            | Refusal::Settings(_)
            | Refusal::Parameters(_)
            | Refusal::About(_)),
        ) => error.to_string(),
        other => panic!("it is no refusal with a reason: {other:?}"),
    }
}

pub fn parameters(value: Value) -> RawParameters {
    match value {
        Value::Object(parameters) => parameters,
        other => panic!("parameters are an object: {other}"),
    }
}

fn new_site(name: &str, kind: SiteKind) -> NewSite {
    NewSite {
        name: name.to_owned(),
        kind,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    }
}
