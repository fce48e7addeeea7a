//! The registry of all commands by the last part of their address.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::json;
use soar_connector::Command;
use soar_connector::manifest::{Effect, Input, InputType};

use super::known::{KnownCommand, KnownCommands, unknown};
use super::{ExternalCommand, IntegrationCommands};
use crate::plugins::CONNECTION_NAME;
use crate::utility::{self, UtilityCommand};

/// A utility command with its manifest.
#[derive(Clone)]
pub struct RegisteredUtility {
    /// The command's manifest.
    pub manifest: Command,
    /// The implementation.
    pub command: Arc<dyn UtilityCommand>,
}

/// A registered command.
#[derive(Clone)]
pub struct Registered {
    /// The last part of the command's address, such as `GetIncidents`.
    pub endpoint: Arc<str>,
    /// The command's manifest.
    pub manifest: Arc<Command>,
    /// The commands of other integrations at the same address. The connection decides which command a call runs.
    pub namesakes: Vec<Arc<Command>>,
    /// The runner of the command.
    pub runner: CommandRunner,
}

/// The runner of a command.
#[derive(Clone)]
pub enum CommandRunner {
    /// One of the host's own commands, which runs within a transaction.
    Utility(Arc<dyn UtilityCommand>),
    /// A connector's command.
    Integration(Arc<dyn IntegrationCommands>),
    /// One of the host's own commands that waits for something other than the store.
    External(Arc<dyn ExternalCommand>),
}

impl fmt::Debug for Registered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Registered").field(&self.endpoint).finish()
    }
}

impl Registered {
    /// Whether it is one of the host's own commands.
    #[must_use]
    pub fn is_utility(&self) -> bool {
        matches!(self.runner, CommandRunner::Utility(_) | CommandRunner::External(_))
    }

    /// Whether the command changes nothing.
    #[must_use]
    pub fn reads_only(&self) -> bool {
        self.manifests().all(|manifest| manifest.effect == Effect::Read)
    }

    /// Every command at this address.
    pub fn manifests(&self) -> impl Iterator<Item = &Arc<Command>> {
        std::iter::once(&self.manifest).chain(&self.namesakes)
    }
}

/// Two commands have the same address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Two commands are called {endpoint}. Each command needs a name of its own.")]
pub struct RegistryError {
    /// The last part of the address.
    pub endpoint: String,
}

/// All commands. Upper and lower case do not matter.
#[derive(Clone, Default)]
pub struct CommandRegistry {
    commands: BTreeMap<String, Registered>,
}

impl fmt::Debug for CommandRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.commands.values().map(|command| &command.endpoint)).finish()
    }
}

impl CommandRegistry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the utility commands that every host has.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn with_own_utilities(self) -> Result<Self, RegistryError> {
        let utilities = utility::all().iter().zip(utility::manifest());
        self.with_utilities(
            utilities.map(|(command, manifest)| RegisteredUtility {
                manifest: manifest.clone(),
                command: Arc::clone(command),
            }),
        )
    }

    /// Adds utility commands.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn with_utilities(
        mut self,
        utilities: impl IntoIterator<Item = RegisteredUtility>,
    ) -> Result<Self, RegistryError> {
        for RegisteredUtility { manifest, command } in utilities {
            let endpoint = command.endpoint();
            self.add(endpoint, manifest, CommandRunner::Utility(command))?;
        }
        Ok(self)
    }

    /// Adds the commands of connectors.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn with_integrations(mut self, integrations: &Arc<dyn IntegrationCommands>) -> Result<Self, RegistryError> {
        for mut command in integrations.commands() {
            if command.manifest.input(CONNECTION_NAME).is_none() {
                command.manifest.inputs.push(connection_name());
            }
            match self.commands.get_mut(&command.endpoint.to_ascii_lowercase()) {
                Some(Registered { namesakes, runner: CommandRunner::Integration(_), .. }) => {
                    namesakes.push(Arc::new(command.manifest));
                }
                _ => {
                    self.add(&command.endpoint, command.manifest, CommandRunner::Integration(Arc::clone(integrations)))?
                }
            }
        }
        Ok(self)
    }

    /// Adds one of the host's own commands that calls other instances.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn with_external(
        mut self,
        endpoint: &str,
        manifest: &Command,
        command: Arc<dyn ExternalCommand>,
    ) -> Result<Self, RegistryError> {
        self.add(endpoint, manifest.clone(), CommandRunner::External(command))?;
        Ok(self)
    }

    fn add(&mut self, endpoint: &str, manifest: Command, runner: CommandRunner) -> Result<(), RegistryError> {
        let registered =
            Registered { endpoint: endpoint.into(), manifest: Arc::new(manifest), namesakes: Vec::new(), runner };
        match self.commands.insert(endpoint.to_ascii_lowercase(), registered) {
            None => Ok(()),
            Some(_) => Err(RegistryError { endpoint: endpoint.to_owned() }),
        }
    }

    /// The command at that address; or the error for the caller.
    pub fn find(&self, endpoint: &str) -> Result<&Registered, String> {
        let found = self.commands.get(&endpoint.to_ascii_lowercase());
        found.ok_or_else(|| unknown(endpoint, self.commands.values().map(|command| &*command.endpoint)))
    }

    /// The names of all commands.
    #[must_use]
    pub fn known(&self) -> KnownCommands {
        KnownCommands::of(self.all().map(|command| KnownCommand::new(&command.endpoint, &command.manifest.name)))
    }

    /// All commands, by address.
    pub fn all(&self) -> impl Iterator<Item = &Registered> {
        self.commands.values()
    }
}

fn connection_name() -> Input {
    Input {
        name: CONNECTION_NAME.to_owned(),
        kind: InputType::Text,
        required: false,
        flag: None,
        description: "The connection on which the command runs. Required only where the site has more than one."
            .to_owned(),
        example: json!("Footprint"),
        choices: Vec::new(),
        minimum: None,
        maximum: None,
        fields: Vec::new(),
    }
}
