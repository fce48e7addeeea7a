//! The plugins that are compiled in, and the endpoints of their commands.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use soar_connector::name::{is_same, quoted, suggestion};
use soar_connector::{Command, Plugin};

use crate::Refusal;

/// The parameter that names the connection on which a command runs.
pub(crate) const CONNECTION_NAME: &str = "Connection Name";

/// Plugins that cannot work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PluginRegistryError {
    /// Two integrations share a name.
    #[error("Two integrations are called {0}. Each needs a name of its own.")]
    SameIntegration(String),
    /// Two commands of one integration, or a command and a utility command, would have one endpoint.
    #[error("{first} and {second} would both be the endpoint {endpoint}. Rename one of them.")]
    SameEndpoint {
        /// The endpoint.
        endpoint: String,
        /// The first command.
        first: String,
        /// The second command.
        second: String,
    },
    /// A command has a parameter whose name the host reserves.
    #[error(
        "{command} takes a parameter called {CONNECTION_NAME}. The host reserves that name for the connection on \
             which a command runs. Rename the parameter."
    )]
    TakesConnectionName {
        /// The command.
        command: String,
    },
}

/// The last part of a command's address: `ListDevices` for `List Devices`.
#[must_use]
pub fn endpoint_name(command: &str) -> String {
    command.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The registered plugins.
#[derive(Default)]
pub struct PluginRegistry {
    plugins: Vec<Arc<dyn Plugin>>,
    /// Maps a lower-case endpoint to the plugins that have it and their commands. Several integrations can have a
    /// command of the same name. The connection decides which command a call runs.
    endpoints: BTreeMap<String, Vec<(usize, Arc<Command>)>>,
}

impl fmt::Debug for PluginRegistry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.plugins.iter().map(|plugin| &plugin.manifest().connector.id)).finish()
    }
}

impl PluginRegistry {
    /// The registry of these plugins, beside utility commands with these endpoints.
    ///
    /// # Errors
    /// [`PluginRegistryError`] when two integrations or two endpoints have the same name.
    pub fn new(plugins: Vec<Arc<dyn Plugin>>, utility_endpoints: &[&str]) -> Result<Self, PluginRegistryError> {
        let mut registry = Self::default();
        for plugin in plugins {
            let manifest = plugin.manifest();
            let (id, name) = (&manifest.connector.id, &manifest.connector.name);
            if registry.find(id).or_else(|| registry.find(name)).is_some() {
                return Err(PluginRegistryError::SameIntegration(name.clone()));
            }
            let index = registry.plugins.len();
            for command in &manifest.commands {
                let endpoint = endpoint_name(&command.name).to_lowercase();
                let title = |command: &str| format!("{name}'s command {}", quoted(command));
                if command.inputs.iter().any(|input| is_same(&input.name, CONNECTION_NAME)) {
                    return Err(PluginRegistryError::TakesConnectionName { command: title(&command.name) });
                }
                let clash = |first: String| PluginRegistryError::SameEndpoint {
                    endpoint: endpoint_name(&command.name),
                    first,
                    second: title(&command.name),
                };
                if let Some(utility) = utility_endpoints.iter().find(|known| known.to_lowercase() == endpoint) {
                    return Err(clash(format!("The utility command {}", quoted(utility))));
                }
                let holders = registry.endpoints.entry(endpoint).or_default();
                if let Some((_, other)) = holders.iter().find(|(holder, _)| *holder == index) {
                    return Err(clash(title(&other.name)));
                }
                holders.push((index, Arc::clone(command)));
            }
            registry.plugins.push(plugin);
        }
        Ok(registry)
    }

    /// All plugins.
    #[must_use]
    pub fn plugins(&self) -> &[Arc<dyn Plugin>] {
        &self.plugins
    }

    /// The integrations that have a command with this endpoint, each with its command.
    pub(crate) fn commands_at(&self, endpoint: &str) -> Vec<(&Arc<dyn Plugin>, &Arc<Command>)> {
        let holders = self.endpoints.get(&endpoint.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        holders.iter().map(|(index, command)| (&self.plugins[*index], command)).collect()
    }

    /// The plugin of an integration, by its stable name or its product's name.
    ///
    /// # Errors
    /// [`Refusal`] with the nearest name and all valid ones.
    pub fn named(&self, integration: &str) -> Result<Arc<dyn Plugin>, Refusal> {
        self.find(integration).cloned().ok_or_else(|| {
            let names = || self.plugins.iter().map(|plugin| plugin.manifest().connector.id.as_str());
            let (near, valid) = (suggestion(integration, names()), names().collect::<Vec<_>>().join(", "));
            Refusal::Because(format!("There is no integration {}.{near} Valid: {valid}.", quoted(integration)))
        })
    }

    fn find(&self, integration: &str) -> Option<&Arc<dyn Plugin>> {
        self.plugins.iter().find(|plugin| {
            let connector = &plugin.manifest().connector;
            is_same(&connector.id, integration) || is_same(&connector.name, integration)
        })
    }
}
