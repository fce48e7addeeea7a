//! A plugin whose commands wait until a test releases them, panic, or return the settings of their connector.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    CommandError, Conclusion, Connector, ExecutionContext, Invocation, Manifest, Plugin, Receipt, ReplyPage,
    SettingValues, SettingsError, Sink, StatusCode,
};
use tokio::sync::{Semaphore, watch};

const CONNECTOR: &str = r#"
id = "gate"
name = "Gate"
vendor = "Nobody"
category = "Test"
description = "A product in memory."
health-check = "Test Connection"
proxy = { address = "Proxy", user-name = "Proxy User Name", password = "Proxy Password" }
settings = [
  { name = "Server URL", type = "url", required = true, description = "An address.", example = "http://gate.example", environment = "GATE_URL" },
  { name = "Password", type = "text", secret = true, description = "A password.", example = "x", environment = "GATE_PASSWORD" },
  { name = "Proxy", type = "url", description = "A proxy.", example = "http://proxy.example:3128", environment = "GATE_PROXY" },
  { name = "Proxy User Name", type = "text", description = "A user.", example = "x", environment = "GATE_PROXY_USER_NAME" },
  { name = "Proxy Password", type = "text", secret = true, description = "A password.", example = "x", environment = "GATE_PROXY_PASSWORD" },
]
"#;

fn command(name: &str, effect: &str) -> String {
    format!(
        r#"
name = "{name}"
description = "Does it."
effect = "{effect}"
permissions = ["Anyone"]
endpoint = "GET /it/"
reply = ["array"]
inputs = [{{ name = "Note", type = "text", description = "A note.", example = "a" }}]
columns = [{{ name = "Server", path = "$.server" }}, {{ name = "Length", path = "$.length" }}]
"#
    )
}

/// The state that commands of all connections share.
#[derive(Debug)]
pub struct GateState {
    /// One permit releases one `Wait`.
    pub go_on: Semaphore,
    /// The number of commands that have begun.
    pub begun: watch::Sender<usize>,
    /// The number of cancelled commands.
    pub dropped: watch::Sender<usize>,
    /// The number of built connectors.
    pub built: AtomicUsize,
    /// Whether tests of connections fail.
    pub tests_fail: AtomicBool,
}

impl GateState {
    pub async fn wait_for_begun(&self, count: usize) {
        self.begun.subscribe().wait_for(|begun| *begun >= count).await.unwrap();
    }

    pub async fn wait_for_dropped(&self, count: usize) {
        self.dropped.subscribe().wait_for(|dropped| *dropped >= count).await.unwrap();
    }
}

#[derive(Debug)]
pub struct GatePlugin {
    manifest: Arc<Manifest>,
    pub state: Arc<GateState>,
}

impl GatePlugin {
    pub fn new() -> Self {
        let texts = [("Test Connection", "read"), ("Wait", "read"), ("Change", "write"), ("Break Down", "read")]
            .map(|(name, effect)| command(name, effect));
        let files: Vec<_> = texts.iter().map(|text| ManifestFile { name: "commands/a.toml", text }).collect();
        let manifest = Manifest::load(ManifestFile { name: "connector.toml", text: CONNECTOR }, &files).unwrap();
        let state = GateState {
            go_on: Semaphore::new(0),
            begun: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
            built: AtomicUsize::new(0),
            tests_fail: AtomicBool::new(false),
        };
        Self { manifest: Arc::new(manifest), state: Arc::new(state) }
    }
}

impl Plugin for GatePlugin {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        let server = settings.text("Server URL").unwrap_or_default().to_owned();
        assert!(!server.contains("break-down"), "the plugin breaks down");
        self.state.built.fetch_add(1, Ordering::SeqCst);
        Ok(Arc::new(GateConnector {
            manifest: Arc::clone(&self.manifest),
            state: Arc::clone(&self.state),
            server,
            password: settings.secret("Password").cloned().unwrap_or_default(),
        }))
    }
}

#[derive(Debug)]
struct GateConnector {
    manifest: Arc<Manifest>,
    state: Arc<GateState>,
    server: String,
    password: SecretString,
}

/// Counts a command that is dropped before its end.
struct OnDrop(Option<Arc<GateState>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.dropped.send_modify(|dropped| *dropped += 1);
        }
    }
}

#[async_trait]
impl Connector for GateConnector {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn execute_into(
        &self,
        invocation: &Invocation,
        context: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        let mut on_drop = OnDrop(Some(Arc::clone(&self.state)));
        self.state.begun.send_modify(|begun| *begun += 1);
        match invocation.command().name.as_str() {
            "Break Down" => panic!("the connector breaks down"),
            "Test Connection" if self.state.tests_fail.load(Ordering::SeqCst) => {
                let error = CommandError {
                    failure_indicator: "Test Connection failed. Failed to check the connector.".to_owned(),
                    status_code: StatusCode(Some(401)),
                    message: "The password is wrong.".to_owned(),
                    code: "not-permitted".to_owned(),
                    cause: String::new(),
                    cure: String::new(),
                    retryable: false,
                };
                on_drop.0 = None;
                let receipt = Receipt { request_id: context.request_id.clone(), ..Receipt::default() };
                return Conclusion { error: Some(error), receipt, warnings: Vec::new() };
            }
            "Wait" | "Change" => self.state.go_on.acquire().await.unwrap().forget(),
            _ => {}
        }
        let row = json!({"server": self.server, "length": self.password.expose_secret().len()});
        sink.page(ReplyPage::derived(&[row])).await.unwrap();
        on_drop.0 = None;
        let receipt = Receipt { request_id: context.request_id.clone(), rows: 1, ..Receipt::default() };
        Conclusion { error: None, receipt, warnings: Vec::new() }
    }
}
