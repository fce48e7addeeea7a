//! A stage that is served over HTTP, with an administrator's key for the management API.

use std::sync::Arc;

use serde_json::{Value, json};
use soar_host::Host;
use soar_host::access::{KeyRequest, issue_key};
use soar_host::executor::ExecutorSettings;
use soar_host::settings::HostSettings;
use soar_host::vault::VaultSettings;
use soar_server::{RunningHost, serve};
use soar_store::AuditFilter;
use soar_store::model::{AuditEntry, Connection, ConnectionId, Moment};
use soar_store::testing::TestStore;

use crate::direct::DirectConnections as _;
use crate::stage::ExecutorStage;
use crate::support::{answer, key_request};
use crate::world::World;

/// A secret that must not appear anywhere.
pub const CANARY: &str = "canary-5f1c0e";

pub struct ServedHost {
    pub stage: ExecutorStage,
    pub host: Arc<Host>,
    pub key: String,
    pub client: reqwest::Client,
    url: String,
    _running: RunningHost,
}

impl ServedHost {
    pub async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for test in TestStore::on_both().await {
            all.push(Self::over(test).await);
        }
        all
    }

    async fn over(test: TestStore) -> Self {
        let stage = ExecutorStage::over(test, ExecutorSettings::default(), VaultSettings::default()).await;
        stage.administrator().await;
        let mut transaction = stage.test.store.transaction().await.unwrap();
        let request = KeyRequest { may_manage: true, ..key_request("manager", "Admin") };
        let key =
            issue_key(&mut transaction.records(), &stage.keyring, &request, Moment(1)).await.unwrap().text.to_string();
        transaction.commit().await.unwrap();
        let settings = HostSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            requests_per_second: 0,
            import_bytes: 64 * 1024,
            enable_enhance_webhook_authentication: true,
            ..HostSettings::default()
        };
        let host = Host::with_connectors(settings, stage.executor.clone()).unwrap();
        let running = serve(Arc::clone(&host)).await.unwrap();
        let client = reqwest::Client::builder().build().unwrap();
        Self { url: running.url(), stage, host, key, client, _running: running }
    }

    /// A call of the management API.
    pub fn call(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/manage/v1{path}", self.url);
        self.client.request(method.parse().unwrap(), url).header("d3key", &self.key)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call("GET", path)).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        answer(self.call(method, path).json(body)).await
    }

    pub async fn open_api(&self) -> Value {
        self.client.get(format!("{}/openapi.json", self.url)).send().await.unwrap().json().await.unwrap()
    }

    /// A call of the Command API with `header`.
    pub fn command(&self, command: &str, header: (&str, &str)) -> reqwest::RequestBuilder {
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} });
        self.client.post(format!("{}/VSOC/api/Command/{command}", self.url)).json(&body).header(header.0, header.1)
    }

    /// A connection whose password is [`CANARY`].
    pub async fn connection(&self, name: &str) -> Value {
        let (status, made) = self.send("POST", "/connections", &draft(name)).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    /// The connection as the store has it.
    pub async fn stored(&self, id: ConnectionId) -> Connection {
        self.stage.executor.connections().see(&self.stage.administrator().await, id).await.unwrap()
    }

    pub fn world(&self) -> World {
        World {
            store: self.stage.test.store.clone(),
            operations: self.stage.site.clone(),
            client: self.stage.client.clone(),
        }
    }

    /// The whole audit log, the oldest first.
    pub async fn audit(&self) -> Vec<AuditEntry> {
        let mut reader = self.stage.test.store.reader().await.unwrap();
        let entries = reader.records().audit(&AuditFilter::default(), 1000).await.unwrap();
        entries.into_iter().rev().map(|(_, entry)| entry).collect()
    }

    /// The last entry of the audit log: operation, status, whether it was accepted, site and reason.
    pub async fn noted(&self) -> (String, i64, bool, String, String) {
        let entry = self.audit().await.pop().unwrap();
        (entry.command, entry.status, entry.accepted, entry.site, entry.reason)
    }

    /// [`CANARY`] is neither in the audit log nor in the store: its files, or every table on PostgreSQL.
    pub async fn assert_canary_is_hidden(&self) {
        let log = format!("{:?}", self.audit().await);
        assert!(!log.contains("canary"), "{log}");
        self.stage.assert_store_lacks(CANARY).await;
    }
}

/// A connection of the gate plugin whose password is [`CANARY`].
pub fn draft(name: &str) -> Value {
    json!({
        "integration": "gate", "name": name, "site": "Security Operations",
        "parameters": { "Server URL": "http://gate.example", "Password": CANARY },
    })
}

/// `value` with the fields of `changes` in it.
pub fn with(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value
}
