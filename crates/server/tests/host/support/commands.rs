//! Commands for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use serde_json::json;
use soar_connector::{Command, Parameters, RawParameters};
use soar_host::Refusal;
use soar_host::commands::{IntegrationCommand, IntegrationCommands, RegisteredUtility};
use soar_host::utility::{Answer, CommandResult, UtilityCommand};
use soar_store::Records;
use soar_store::model::{Caller, Moment};
use tokio::sync::Semaphore;

use super::site;

/// Blocks calls with the mode `wait` until the test releases them.
pub struct Gate {
    entered: Semaphore,
    open: Semaphore,
}

impl Gate {
    pub fn new() -> Self {
        Self { entered: Semaphore::new(0), open: Semaphore::new(0) }
    }

    /// Waits until a command waits at the gate.
    pub async fn entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    /// Releases one command.
    pub fn let_one_go(&self) {
        self.open.add_permits(1);
    }

    async fn pass(&self) {
        self.entered.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }
}

fn manifest(name: &str, effect: &str, inputs: &str) -> Command {
    let text = format!(
        "name = \"{name}\"\ndescription = \"For tests.\"\neffect = \"{effect}\"\npermissions = []\nendpoint = \"\"\n{inputs}"
    );
    toml::from_str(&text).unwrap()
}

const INPUTS: &str = r#"
[[inputs]]
name = "Name"
type = "text"
required = true
description = "What to write down."
example = "Note"
[[inputs]]
name = "Mode"
type = "choice"
choices = ["refuse", "panic", "wait", "store"]
description = "How to misbehave."
example = "wait"
[[inputs]]
name = "Username"
type = "text"
description = "In whose name."
example = "admin user"
"#;

pub fn utilities(gate: &Arc<Gate>) -> Vec<RegisteredUtility> {
    vec![
        RegisteredUtility {
            manifest: manifest("Make Note", "write", INPUTS),
            command: Arc::new(MakeNote { gate: Arc::clone(gate) }),
        },
        RegisteredUtility { manifest: manifest("Show Notes", "read", ""), command: Arc::new(ShowNotes) },
        RegisteredUtility {
            manifest: manifest("Show Notes Late", "read", ""),
            command: Arc::new(ShowNotesLate { gate: Arc::clone(gate) }),
        },
    ]
}

fn successful(context: Vec<serde_json::Value>) -> Answer {
    Answer { context_data: Some(context.into()), ..Answer::ended(CommandResult::Successful) }
}

/// Makes a site of the given name.
struct MakeNote {
    gate: Arc<Gate>,
}

#[async_trait]
impl UtilityCommand for MakeNote {
    fn name(&self) -> &'static str {
        "Make Note"
    }

    fn endpoint(&self) -> &'static str {
        "MakeNote"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        _caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        let name = parameters.text("Name").unwrap_or_default();
        let made = records.create_site(&site(name), now).await?;
        match parameters.text("Mode") {
            Some("refuse") => return Err(Refusal::Because("It is refused after it wrote.".to_owned())),
            Some("panic") => panic!("it panics after it wrote, with a secret cause"),
            Some("wait") => self.gate.pass().await,
            Some("store") => {
                let cause = soar_store::StoreError::Unreadable("a secret cause".to_owned());
                return Err(Refusal::Store(cause));
            }
            _ => {}
        }
        Ok(successful(vec![json!({ "Name": made.name })]))
    }
}

struct ShowNotes;

#[async_trait]
impl UtilityCommand for ShowNotes {
    fn name(&self) -> &'static str {
        "Show Notes"
    }

    fn endpoint(&self) -> &'static str {
        "ShowNotes"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        _caller: &Caller,
        _parameters: &Parameters,
        _now: Moment,
    ) -> Result<Answer, Refusal> {
        Ok(successful(records.sites().await?.iter().map(|site| json!({ "Name": site.name })).collect()))
    }
}

/// Lists notes once the gate is open.
struct ShowNotesLate {
    gate: Arc<Gate>,
}

#[async_trait]
impl UtilityCommand for ShowNotesLate {
    fn name(&self) -> &'static str {
        "Show Notes Late"
    }

    fn endpoint(&self) -> &'static str {
        "ShowNotesLate"
    }

    async fn run(
        &self,
        records: &mut Records<'_>,
        caller: &Caller,
        parameters: &Parameters,
        now: Moment,
    ) -> Result<Answer, Refusal> {
        self.gate.pass().await;
        ShowNotes.run(records, caller, parameters, now).await
    }
}

/// A vendor that counts its calls.
pub struct Vendor {
    gate: Arc<Gate>,
    calls: AtomicUsize,
}

impl Vendor {
    pub fn new(gate: Arc<Gate>) -> Self {
        Self { gate, calls: AtomicUsize::new(0) }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl IntegrationCommands for Vendor {
    fn commands(&self) -> Vec<IntegrationCommand> {
        let named = |name: &str, effect: &str| IntegrationCommand {
            endpoint: name.replace(' ', ""),
            manifest: manifest(name, effect, INPUTS),
        };
        vec![named("List Devices", "read"), named("Patch Device", "write")]
    }

    async fn run(&self, _caller: &Caller, endpoint: &str, parameters: RawParameters) -> Result<Answer, Refusal> {
        let commands = self.commands();
        let command = commands.iter().find(|command| command.endpoint == endpoint).unwrap();
        Parameters::parse(&command.manifest, &parameters).map_err(Refusal::Parameters)?;
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        match parameters.get("Mode").and_then(|mode| mode.as_str()) {
            Some("wait") => self.gate.pass().await,
            Some("panic") => panic!("the connector panics"),
            Some("refuse") => return Err(Refusal::Because("The vendor refuses.".to_owned())),
            Some("store") => {
                let cause = soar_store::StoreError::Unreadable("a secret cause".to_owned());
                return Err(Refusal::Store(cause));
            }
            _ => {}
        }
        Ok(successful(vec![json!({ "Command": command.manifest.name, "Call": call })]))
    }
}
