//! A small connector in memory whose every virtue can be switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use soar_connector::manifest::ManifestFile;
use soar_connector::{
    CommandError, Conclusion, Connector, ExecutionContext, Manifest, Page, Parameters, Plugin, RawParameters, Receipt,
    SettingValues, SettingsError, Sink, StatusCode,
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

[[errors]]
code = "unknown-parameter"
cause = "c"
cure = "c"

[[errors]]
code = "missing-parameter"
cause = "c"
cure = "c"

[[errors]]
code = "invalid-parameter"
cause = "c"
cure = "c"
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

/// What the sample does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vice {
    None,
    MissingHandler,
    SpareHandler,
    WritesOnRead,
    AcceptsAnything,
    SendsBeforeItParses,
    SilentErrors,
    LogsPassword,
    ShowsPassword,
    DebugsPassword,
    EncodesPassword,
    UnmarkedSecret,
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
            Vice::SilentErrors => CONNECTOR.replace("code = \"unknown-command\"", "code = \"something-else\""),
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

    fn handled_commands(&self) -> Vec<&'static str> {
        match self.vice {
            Vice::MissingHandler => vec!["Read Things"],
            Vice::SpareHandler => vec!["Read Things", "Write Thing", "Sing"],
            _ => vec!["Read Things", "Write Thing"],
        }
    }

    async fn execute_into(
        &self,
        command: &str,
        raw: &RawParameters,
        _: &ExecutionContext,
        sink: &mut dyn Sink,
    ) -> Conclusion {
        let requests = u64::from(self.vice == Vice::SendsBeforeItParses);
        let failed = |code: &str, message: String| {
            let entry = self.manifest.error(None, code);
            Conclusion {
                error: Some(CommandError {
                    failure_indicator: "It failed.".into(),
                    status_code: StatusCode(None),
                    message,
                    code: code.into(),
                    cause: entry.map(|entry| entry.cause.clone()).unwrap_or_default(),
                    cure: entry.map(|entry| entry.cure.clone()).unwrap_or_default(),
                    retryable: false,
                }),
                receipt: Receipt { requests, ..Receipt::default() },
                warnings: Vec::new(),
            }
        };
        let command = match self.manifest.command(command) {
            Ok(command) => command,
            Err(error) => return failed("unknown-command", error.to_string()),
        };
        if self.vice != Vice::AcceptsAnything
            && let Err(problems) = Parameters::parse(command, raw)
        {
            return failed(problems[0].code(), problems[0].to_string());
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
                sink.page(Page::derived(&[serde_json::json!({ "name": shown })])).await.unwrap();
            }
            _ => {}
        }
        Conclusion { error: None, receipt: Receipt::default(), warnings: Vec::new() }
    }
}
