//! A small connector in memory whose every virtue can be switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    Conclusion, Connector, ExecutionContext, Failure, Invocation, Manifest, Plugin, Receipt, ReplyPage, SettingValues,
    SettingsError, Sink,
};

pub const CONNECTOR: &str = r#"
id = "sample"
name = "Sample"
vendor = "Nobody"
category = "Test"
description = "A product in memory."
health-check = "Read Things"
settings = [
  { name = "Password", type = "text", required = true, secret = true, description = "A password.", example = "x", environment = "SAMPLE_PASSWORD" },
]
shared-inputs = [
  { name = "Page", type = "integer", minimum = 1, description = "The page.", example = 1 },
]

[[errors]]
code = "unknown-command"
cause = "c"
cure = "c"
"#;

/// A findings source over Read Things.
const FINDINGS: &str = r#"
[findings]
command = "Read Things"
key = ["$.id"]
device = { id = "$.device" }
state = { path = "$.state", open = ["open"], fixed = ["fixed"] }
members = { title = "$.title" }
"#;

pub const READ: &str = r#"
name = "Read Things"
description = "Reads."
effect = "read"
permissions = ["Anyone"]
endpoint = "GET /things/"
reply = ["array"]
takes = ["Page"]
inputs = [
  { name = "Kind", type = "choice", required = true, choices = ["Big", "Small"], description = "Which.", example = "Big" },
  { name = "Filter", type = "object", description = "Which.", example = { size = 1 }, fields = [
    { name = "size", type = "integer", minimum = 0, maximum = 9, description = "Size.", example = 1 },
    { name = "tags", type = "list", choices = ["a", "b"], description = "Tags.", example = ["a"] },
    { name = "open", type = "boolean", description = "Open.", example = "Yes" },
  ] },
]
key-fields = [{ name = "IDs", path = "$.id" }, { name = "Parts", path = "$.parts[*].id" }]
columns = [{ name = "ID", path = "$.id" }, { name = "Name", path = "$.name" }]
"#;

pub const WRITE: &str = r#"
name = "Write Thing"
description = "Writes."
effect = "write"
permissions = ["Anyone"]
endpoint = "PATCH /things/"
reply = ["empty"]
"#;

pub fn load(connector: &str, commands: &[&str]) -> Result<Manifest, soar_connector::ManifestError> {
    let files: Vec<_> = commands.iter().map(|text| ManifestFile { name: "commands/a.toml", text }).collect();
    Manifest::load(ManifestFile { name: "connector.toml", text: connector }, &files)
}

/// The fault of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vice {
    None,
    MissingHandler,
    WritesOnRead,
    LogsPassword,
    ShowsPassword,
    DebugsPassword,
    EncodesPassword,
    UnmarkedSecret,
    FindingWithoutDevice,
    FindingWithNewKeys,
}

#[derive(Debug)]
pub struct SamplePlugin {
    pub manifest: Manifest,
    pub state: Arc<AtomicU64>,
    pub vice: Vice,
}

impl SamplePlugin {
    pub fn new(vice: Vice) -> Self {
        let connector = match vice {
            Vice::UnmarkedSecret => CONNECTOR.replace(
                "]\nshared-inputs",
                "  { name = \"API Key\", type = \"text\", description = \"A key.\", example = \"x\", environment = \"SAMPLE_KEY\" },\n]\nshared-inputs",
            ),
            Vice::FindingWithoutDevice | Vice::FindingWithNewKeys => format!("{CONNECTOR}{FINDINGS}"),
            _ => CONNECTOR.to_owned(),
        };
        Self { manifest: load(&connector, &[READ, WRITE]).unwrap(), state: Arc::default(), vice }
    }
}

impl Plugin for SamplePlugin {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn build(&self, settings: &SettingValues) -> Result<Arc<dyn Connector>, SettingsError> {
        Ok(Arc::new(SampleConnector {
            manifest: self.manifest.clone(),
            state: Arc::clone(&self.state),
            vice: self.vice,
            password: settings.secret("Password").cloned().ok_or_else(|| SettingsError::of("Password", "Missing."))?,
        }))
    }
}

struct SampleConnector {
    manifest: Manifest,
    state: Arc<AtomicU64>,
    vice: Vice,
    password: SecretString,
}

impl std::fmt::Debug for SampleConnector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.vice {
            Vice::DebugsPassword => formatter.write_str(self.password.expose_secret()),
            _ => formatter.write_str("SampleConnector"),
        }
    }
}

#[async_trait]
impl Connector for SampleConnector {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    async fn execute_into(&self, invocation: &Invocation, _: &ExecutionContext, sink: &mut dyn Sink) -> Conclusion {
        let command = invocation.command();
        if command.name == "Write Thing" && self.vice == Vice::MissingHandler {
            let failure = Failure::new("unknown-command", "There is no handler.");
            let error = Some(self.manifest.error_tab(Some(command), failure));
            return Conclusion { error, receipt: Receipt::default(), warnings: Vec::new() };
        }
        if command.name == "Write Thing" || self.vice == Vice::WritesOnRead {
            self.state.fetch_add(1, Ordering::Relaxed);
        }
        let password = self.password.expose_secret();
        match self.vice {
            Vice::LogsPassword => tracing::trace!("logging in with {password}"),
            Vice::ShowsPassword | Vice::EncodesPassword => {
                use base64::Engine as _;
                let shown = match self.vice {
                    Vice::EncodesPassword => base64::engine::general_purpose::STANDARD.encode(password),
                    _ => password.to_owned(),
                };
                sink.page(ReplyPage::derived(&[serde_json::json!({ "name": shown })])).await.unwrap();
            }
            Vice::FindingWithoutDevice => {
                sink.page(ReplyPage::derived(&[serde_json::json!({ "id": 1 })])).await.unwrap()
            }
            Vice::FindingWithNewKeys => {
                let row = serde_json::json!({ "id": uuid::Uuid::now_v7().to_string(), "device": 1 });
                sink.page(ReplyPage::derived(&[row])).await.unwrap();
            }
            _ => {}
        }
        Conclusion { error: None, receipt: Receipt::default(), warnings: Vec::new() }
    }
}
