//! An instance: a host with its own store, keyring and administrator, served on the loopback network.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use coda_footprint::FootprintPlugin;
use serde_json::{Value, json};
use soar_connector::Clock as _;
use soar_connector::testing::ManualClock;
use soar_host::Host;
use soar_host::Refusal;
use soar_host::access::issue_key;
use soar_host::agents::Agents;
use soar_host::connections::{ConnectionChange, ConnectionDraft, Connections};
use soar_host::executor::{Executor, ExecutorSettings};
use soar_host::plugins::PluginRegistry;
use soar_host::sealing::Keyring;
use soar_host::settings::HostSettings;
use soar_host::tenants::{SyncRequest, TenantDraft, TenantSettings, Tenants};
use soar_host::vault::{Vault, VaultSettings};
use soar_server::{RunningHost, serve};
use soar_store::model::{
    Allowed, AuditEntry, Caller, Connection, ConnectionId, Master, Moment, SiteKind, SyncResult, SyncRun, Tenant,
    TenantId,
};
use soar_store::testing::TestStore;
use soar_store::{AuditFilter, NewSite, NewUser, Store, SyncResultFilter};
use tempfile::TempDir;

use crate::direct::DirectConnections as _;
use crate::support::key_request;

pub struct TenantInstance {
    pub store: Store,
    pub host: Arc<Host>,
    running: Option<RunningHost>,
    pub url: String,
    pub connections: Connections,
    pub executor: Executor,
    pub tenants: Tenants,
    pub keyring: Keyring,
    pub clock: ManualClock,
    /// `Admin`, an administrator, on `Security Operations`.
    pub admin: Caller,
    /// The key of `Admin`, without limits.
    pub key: String,
    pub client: reqwest::Client,
    _folder: TempDir,
    test: Option<TestStore>,
}

pub fn site(name: &str, kind: SiteKind) -> NewSite {
    NewSite {
        name: name.to_owned(),
        kind,
        description: String::new(),
        time_zone: "America/Vancouver".to_owned(),
        language: "en".to_owned(),
    }
}

/// Sites, users and nothing else.
pub async fn furnish(store: &Store) {
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    for (name, kind) in
        [("Security Operations", SiteKind::Internal), ("TenantSite", SiteKind::Internal), ("Client", SiteKind::Client)]
    {
        records.create_site(&site(name, kind), Moment(1)).await.unwrap();
    }
    for (name, is_administrator) in [("Admin", true), ("analyst", false)] {
        let user = NewUser { name: name.to_owned(), email: None, is_administrator };
        records.create_user(&user, Moment(1)).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

impl TenantInstance {
    pub async fn over(test: TestStore, settings: TenantSettings) -> Self {
        furnish(&test.store).await;
        let store = test.store.clone();
        Self { test: Some(test), ..Self::of(store, settings).await }
    }

    /// An instance over an existing store, served at its own address.
    async fn of(store: Store, settings: TenantSettings) -> Self {
        let mut instance = Self::unserved(store, settings, reqwest::Client::new()).await;
        let running = serve(Arc::clone(&instance.host)).await.unwrap();
        instance.url = running.url();
        instance.running = Some(running);
        instance
    }

    /// The same, without a server.
    pub async fn unserved(store: Store, settings: TenantSettings, client: reqwest::Client) -> Self {
        let folder = TempDir::new().unwrap();
        let keyring = Keyring::create_file(&folder.path().join("keys")).unwrap();
        let clock = ManualClock::held();
        let store = store.on_clock(Arc::new(clock.clone()));
        static REGISTRY: LazyLock<Arc<PluginRegistry>> = LazyLock::new(|| {
            Arc::new(PluginRegistry::new(vec![Arc::new(FootprintPlugin::new().unwrap())], &[]).unwrap())
        });
        let vault = Vault::with_environment(VaultSettings::default(), |name| {
            (name == "FOOTPRINT_SECRET_GOOD").then(|| OsString::from("open sesame"))
        });
        let shared_clock = Arc::new(clock.clone());
        let connections = Connections::new(store.clone(), Arc::clone(&REGISTRY), keyring.clone(), vault, shared_clock);
        let executor = Executor::start(connections.clone(), ExecutorSettings::default()).await.unwrap();
        let mut transaction = store.transaction().await.unwrap();
        let mut records = transaction.records();
        let request = soar_host::access::KeyRequest { may_manage: true, ..key_request("playbooks", "Admin") };
        let key = issue_key(&mut records, &keyring, &request, Moment(1)).await.unwrap().text.to_string();
        let user = records.user("Admin").await.unwrap();
        let site = records.site("Security Operations").await.unwrap();
        transaction.commit().await.unwrap();
        let settings = HostSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            requests_per_second: 0,
            tenants: settings,
            ..HostSettings::default()
        };
        let host = Host::with_connectors(settings, executor.clone()).unwrap();
        let admin = Caller {
            user,
            site,
            roles: BTreeMap::new(),
            reach: Allowed::All,
            key: None,
            request_id: "test".to_owned(),
        };
        Self {
            store,
            url: String::new(),
            running: None,
            tenants: Tenants::clone(host.tenants.as_ref().unwrap()),
            host,
            connections,
            executor,
            keyring,
            clock,
            admin,
            key,
            client,
            _folder: folder,
            test: None,
        }
    }

    /// A master and a tenant on each engine, not registered with each other.
    pub async fn pairs() -> Vec<[Self; 2]> {
        let mut pairs = Vec::new();
        for (master, tenant) in TestStore::on_both().await.into_iter().zip(TestStore::on_both().await) {
            let settings = TenantSettings { region: "Headquarters".to_owned(), ..TenantSettings::default() };
            pairs.push([Self::over(master, settings).await, Self::over(tenant, TenantSettings::default()).await]);
        }
        pairs
    }

    /// The same, registered as `TestTenant` in `AMER`.
    pub async fn registered_pairs() -> Vec<[Self; 2]> {
        let pairs = Self::pairs().await;
        for [master, tenant] in &pairs {
            master.onboard("TestTenant", tenant).await;
        }
        pairs
    }

    /// The store's address.
    pub fn address(&self) -> String {
        self.test.as_ref().unwrap().address.clone()
    }

    pub fn now(&self) -> Moment {
        Moment::from(self.clock.now())
    }

    /// A one-time key of this tenant.
    pub async fn one_time_key(&self, ms: i64) -> String {
        let mut transaction = self.store.transaction().await.unwrap();
        let made = self
            .tenants
            .create_key_in(&mut transaction.records(), &self.admin, Moment(self.now().0 + ms))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        made.text.to_string()
    }

    /// Adds a tenant to this master.
    pub async fn create_tenant(&self, name: &str, url: &str, key: &str) -> Result<Tenant, Refusal> {
        let draft =
            TenantDraft { name: name.to_owned(), region: "AMER".to_owned(), url: url.to_owned(), key: key.to_owned() };
        let mut transaction = self.store.transaction().await.unwrap();
        let added = self.tenants.create_in(&mut transaction.records(), &self.admin, &draft).await?;
        transaction.commit().await.unwrap();
        Ok(added)
    }

    /// Adds and registers a tenant, at its own address.
    pub async fn onboard(&self, name: &str, tenant: &Self) -> Tenant {
        self.onboard_at(name, &tenant.url, tenant).await
    }

    /// The same, at another address, such as a proxy's.
    pub async fn onboard_at(&self, name: &str, url: &str, tenant: &Self) -> Tenant {
        let key = tenant.one_time_key(60_000).await;
        let added = self.create_tenant(name, url, &key).await.unwrap();
        self.tenants.register(&self.admin, added.id, None).await.unwrap()
    }

    pub async fn move_tenant(&self, id: TenantId, url: &str) {
        let mut transaction = self.store.transaction().await.unwrap();
        self.tenants.move_in(&mut transaction.records(), &self.admin, id, url).await.unwrap();
        transaction.commit().await.unwrap();
    }

    pub async fn revoke_master(&self, name: &str) -> Master {
        let mut transaction = self.store.transaction().await.unwrap();
        let revoked = self.tenants.revoke_master_in(&mut transaction.records(), &self.admin, name).await.unwrap();
        transaction.commit().await.unwrap();
        revoked
    }

    pub async fn remove_master(&self, name: &str) -> Result<Master, Refusal> {
        let mut transaction = self.store.transaction().await.unwrap();
        let removed = self.tenants.remove_master_in(&mut transaction.records(), &self.admin, name).await?;
        transaction.commit().await.unwrap();
        Ok(removed)
    }

    /// Makes an agent for all sites.
    pub async fn agent(&self, name: &str, address: &str) {
        let draft = serde_json::from_value(json!({ "name": name, "address": address })).unwrap();
        let mut transaction = self.store.transaction().await.unwrap();
        let agents = Agents::new(self.connections.clone());
        agents.create_in(&mut transaction.records(), &self.admin, &draft).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// A connection `name`. The fields of `more` replace the defaults.
    pub async fn connect(&self, name: &str, more: Value) -> Connection {
        let mut draft = json!({
            "integration": "coda-footprint", "name": name, "site": "Security Operations",
            "parameters": {
                "Server URL": "http://127.0.0.1:9", "User Name": "soar@example.com", "Password": format!("secret of {name}"),
            },
        });
        for (field, value) in more.as_object().unwrap() {
            draft[field] = value.clone();
        }
        let draft: ConnectionDraft = serde_json::from_value(draft).unwrap();
        self.connections.create(&self.admin, draft).await.unwrap()
    }

    pub async fn change(&self, id: ConnectionId, change: Value) -> Result<Connection, Refusal> {
        let change: ConnectionChange = serde_json::from_value(change).unwrap();
        self.connections.update(&self.admin, id, change).await
    }

    /// All connections, by their names.
    pub async fn all(&self) -> BTreeMap<String, Connection> {
        let all = self.connections.list(&self.admin).await.unwrap();
        all.into_iter().map(|one| (one.name.clone(), one)).collect()
    }

    pub async fn sync(&self, request: Value) -> Result<SyncRun, Refusal> {
        let request: SyncRequest = serde_json::from_value(request).unwrap();
        self.tenants.sync(&self.admin, &request, false, &|_| {}).await
    }

    pub async fn plan(&self, request: Value) -> SyncRun {
        let request: SyncRequest = serde_json::from_value(request).unwrap();
        self.tenants.sync(&self.admin, &request, true, &|_| {}).await.unwrap()
    }

    /// The results of a run.
    pub async fn results(&self, run: &SyncRun) -> Vec<SyncResult> {
        let mut reader = self.store.reader().await.unwrap();
        let results = reader.records().sync_results(run.id, SyncResultFilter::default(), 100_000).await.unwrap();
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// The same, as `name: Change` or `name: code`.
    pub async fn outcome(&self, run: &SyncRun) -> Vec<String> {
        let results = self.results(run).await;
        let told = results.iter().map(|result| {
            let what = result.failure.as_ref().map_or_else(|| result.change.to_string(), |why| why.code.clone());
            format!("{}: {what}", result.connection)
        });
        told.collect()
    }

    pub async fn audit(&self) -> Vec<AuditEntry> {
        let mut reader = self.store.reader().await.unwrap();
        let entries = reader.records().audit(&AuditFilter::default(), 1000).await.unwrap();
        entries.into_iter().rev().map(|(_, entry)| entry).collect()
    }

    /// Shuts the host down. Returns the whole audit log.
    pub async fn audit_in_the_end(&mut self) -> Vec<AuditEntry> {
        self.running.take().unwrap().shutdown().await.unwrap();
        self.store = Store::open(&self.test.as_ref().unwrap().address).await.unwrap();
        self.audit().await
    }

    /// A call of the Command API.
    pub async fn command(&self, parameters: Value) -> (u16, Value) {
        self.command_at("SyncConnection", "Security Operations", parameters).await
    }

    /// A call of that command on that site.
    pub async fn command_at(&self, command: &str, site: &str, parameters: Value) -> (u16, Value) {
        let body = json!({ "Username": "Admin", "Site": site, "CommandParams": parameters });
        let request = self.client.post(format!("{}/VSOC/api/Command/{command}", self.url));
        let response = request.header("d3key", &self.key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A call of the management API.
    pub async fn manage(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/api/manage/v1{path}", self.url);
        let mut request = self.client.request(method.parse().unwrap(), url).header("d3key", &self.key);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.timeout(Duration::from_secs(60)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// A sync of all connections that are shared with the tenant's site.
pub fn all_shared() -> Value {
    json!({ "syncAllShared": true, "tenantRegion": "AMER", "tenantName": "TestTenant", "tenantSite": "TenantSite" })
}

/// A sync of these connections.
pub fn these(ids: &[ConnectionId]) -> Value {
    let infos: Vec<_> = ids.iter().map(|id| json!({ "connectionId": id })).collect();
    json!({
        "connectionInfo": infos, "tenantRegion": "AMER", "tenantName": "TestTenant", "tenantSite": "TenantSite",
    })
}
