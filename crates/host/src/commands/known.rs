//! The names of the commands that a host has.

use std::collections::BTreeMap;
use std::sync::Arc;

use soar_connector::name::{quoted, same_word, suggestion};

/// A command that a host has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCommand {
    /// The last part of the command's address, such as `GetIncidents`.
    pub endpoint: String,
    /// The command's name, such as `Get Incidents`.
    pub name: String,
}

impl KnownCommand {
    pub(crate) fn new(endpoint: &str, name: &str) -> Self {
        Self { endpoint: endpoint.to_owned(), name: name.to_owned() }
    }
}

/// The names of the commands that a host has. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownCommands(Arc<CommandList>);

#[derive(Debug, Default, PartialEq, Eq)]
struct CommandList {
    /// The commands, by address.
    commands: Vec<KnownCommand>,
    /// The position of each command, by its address and by its name, as [`same_word`] gives them.
    forms: BTreeMap<String, usize>,
}

impl KnownCommands {
    /// These commands.
    pub(crate) fn of(commands: impl IntoIterator<Item = KnownCommand>) -> Self {
        let mut by_address = BTreeMap::new();
        for command in commands {
            // Commands of several integrations can have the same address.
            by_address.entry(command.endpoint.to_ascii_lowercase()).or_insert(command);
        }
        let commands: Vec<KnownCommand> = by_address.into_values().collect();
        // An address takes precedence over the similar name of another command.
        let mut forms = BTreeMap::new();
        for form in [|one: &KnownCommand| same_word(&one.endpoint), |one: &KnownCommand| same_word(&one.name)] {
            for (position, command) in commands.iter().enumerate() {
                forms.entry(form(command)).or_insert(position);
            }
        }
        Self(Arc::new(CommandList { commands, forms }))
    }

    /// All commands, by address.
    #[must_use]
    pub fn all(&self) -> &[KnownCommand] {
        &self.0.commands
    }

    /// The command of that address or name, in any of the forms people type: `GetIncidents`, `Get Incidents` or
    /// `get-incidents`; or the error for the caller.
    pub fn find(&self, name: &str) -> Result<&KnownCommand, String> {
        let CommandList { commands, forms } = &*self.0;
        let found = forms.get(&same_word(name)).and_then(|position| commands.get(*position));
        found.ok_or_else(|| unknown(name, commands.iter().map(|command| command.endpoint.as_str())))
    }
}

/// The error for a caller that names a command which the host does not have.
pub(super) fn unknown<'a>(given: &str, endpoints: impl IntoIterator<Item = &'a str>) -> String {
    format!("There is no command {}.{} /openapi.json lists all commands.", quoted(given), suggestion(given, endpoints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_is_there_once_and_an_address_takes_precedence_over_a_name() {
        let commands = [
            KnownCommand::new("ListDevices", "List Devices"),
            KnownCommand::new("listdevices", "List Devices"),
            KnownCommand::new("A", "List Users"),
            KnownCommand::new("ListUsers", "Other"),
        ];
        let known = KnownCommands::of(commands);
        let endpoints: Vec<_> = known.all().iter().map(|command| command.endpoint.as_str()).collect();
        assert_eq!(endpoints, ["A", "ListDevices", "ListUsers"]);
        assert_eq!(known.find("list users").unwrap().name, "Other");
    }
}
