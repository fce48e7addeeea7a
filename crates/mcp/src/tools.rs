//! The tools: one for each command, one that lists connections, and one that describes a command.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, json};
use soar_connector::manifest::{ConnectorManifest, Effect};
use soar_connector::name::normalised;
use soar_connector::{Command, Manifest};

use crate::arguments::{self, RESERVED};
use crate::schema;

/// Lists the caller's connections.
pub(crate) const CONNECTIONS: &str = "connections";
/// Describes a command.
pub(crate) const DESCRIBE: &str = "describe-command";

/// Whether commands that change something are tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Only commands that read are tools.
    Off,
    /// Commands that change something are tools too. Each answers with a plan first.
    On,
}

/// A command has a parameter with the name of an argument that every tool has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{command} takes a parameter called {parameter}. Every tool has an argument of this name. Rename the parameter."
)]
pub struct ReservedName {
    command: String,
    parameter: String,
}

/// A command with the manifest that it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    pub(crate) command: Arc<Command>,
    pub(crate) manifest: Arc<Manifest>,
}

impl Offered {
    /// The parameter that names the product's tenant.
    pub(crate) fn tenant_input(&self) -> Option<&str> {
        tenant_input(&self.manifest.connector)
    }
}

fn tenant_input(connector: &ConnectorManifest) -> Option<&str> {
    connector.tenant_input.as_deref()
}

/// The tools of a server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tools {
    pub(crate) writes: Writes,
    commands: Arc<BTreeMap<String, Offered>>,
    list: Arc<Vec<Tool>>,
}

impl Tools {
    /// The tools of these manifests. Of commands with the same name the first one describes the tool: the connection
    /// decides which one runs.
    /// # Errors
    /// [`ReservedName`].
    pub fn new(manifests: &[Arc<Manifest>], writes: Writes) -> Result<Self, ReservedName> {
        let mut commands = BTreeMap::new();
        let mut list = vec![connections(), describe()];
        for manifest in manifests {
            for command in &manifest.commands {
                let name = normalised(&command.name);
                if commands.contains_key(&name) {
                    continue;
                }
                if let Some(input) = arguments::inputs(command, tenant_input(&manifest.connector))
                    .find(|input| RESERVED.contains(&normalised(&input.name).as_str()))
                {
                    return Err(ReservedName { command: command.name.clone(), parameter: input.name.clone() });
                }
                if command.effect == Effect::Read || writes == Writes::On {
                    list.push(tool(&name, command, tenant_input(&manifest.connector)));
                }
                let (command, manifest) = (Arc::clone(command), Arc::clone(manifest));
                commands.insert(name, Offered { command, manifest });
            }
        }
        Ok(Self { writes, commands: Arc::new(commands), list: Arc::new(list) })
    }

    /// The tools as clients see them.
    #[must_use]
    pub fn list(&self) -> &[Tool] {
        &self.list
    }

    /// The command of a tool, also of one that is switched off.
    pub(crate) fn command(&self, name: &str) -> Option<&Offered> {
        self.commands.get(name)
    }

    /// The names of all tools.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|tool| &*tool.name)
    }

    /// The explanation of tenants, for the instructions.
    pub(crate) fn tenant_text(&self) -> String {
        let inputs = self.commands.values().find_map(|offered| offered.tenant_input());
        inputs.map(schema::tenant_text).unwrap_or_default()
    }
}

fn tool(name: &str, command: &Command, tenant_input: Option<&str>) -> Tool {
    let annotations = match command.effect {
        Effect::Read => ToolAnnotations::new().read_only(true).open_world(true),
        // A plan is carried out once.
        Effect::Write => ToolAnnotations::new().read_only(false).destructive(true).idempotent(true).open_world(true),
    };
    Tool::new(name.to_owned(), command.description.clone(), schema::of_command(command, tenant_input))
        .with_annotations(annotations)
}

fn connections() -> Tool {
    Tool::new(CONNECTIONS, "Lists the connections and sites that you may use.", schema::object(Map::new(), Vec::new()))
        .with_annotations(ToolAnnotations::new().read_only(true).open_world(false))
}

fn describe() -> Tool {
    let command = Map::from_iter([("command".to_owned(), json!({"type": "string"}))]);
    let text = "Describes a tool's command: parameters, results, permissions and errors.";
    Tool::new(DESCRIBE, text, schema::object(command, vec!["command".to_owned()]))
        .with_annotations(ToolAnnotations::new().read_only(true).open_world(false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::manifest;

    #[test]
    fn a_parameter_with_the_name_of_an_argument_of_every_tool_is_refused() {
        let error = Tools::new(&[manifest("Site")], Writes::Off).unwrap_err();
        assert_eq!((error.command.as_str(), error.parameter.as_str()), ("Switch Lamp", "Site"));
        let names = |writes| {
            let tools = Tools::new(&[manifest("Lamp")], writes).unwrap();
            tools.names().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(Writes::Off), ["connections", "describe-command", "list-lamps"]);
        assert_eq!(names(Writes::On), ["connections", "describe-command", "list-lamps", "switch-lamp"]);
    }
}
