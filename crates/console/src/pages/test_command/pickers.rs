//! The commands that list the values of an input, found in the manifest by the names of key fields.

use soar_connector::Manifest;
use soar_connector::manifest::{Command, Effect};

/// A command that lists the values of an input.
#[derive(Debug)]
pub(super) struct Picker<'a> {
    pub(super) command: &'a Command,
    /// The name of the key field with the values.
    pub(super) key_field: &'a str,
    /// The index of the column that shows the value, if there is one.
    pub(super) column: Option<usize>,
}

/// The command that lists the values of the input of this name: a reading command without required inputs, of which a
/// key field is named like the input (`Scanner IDs` for `Scanner ID` and for `scannerId`).
pub(super) fn picker<'a>(manifest: &'a Manifest, input: &str) -> Option<Picker<'a>> {
    let wanted = squashed(input);
    let lists = |command: &&'a std::sync::Arc<Command>| {
        command.effect == Effect::Read && command.inputs.iter().all(|input| !input.required)
    };
    manifest.commands.iter().filter(lists).find_map(|command| {
        let field = command.key_fields.iter().find(|field| {
            let name = squashed(&field.name);
            let name = name.strip_suffix('s').unwrap_or(&name);
            wanted == name || (wanted.ends_with(name) && input.split_whitespace().count() > 1)
        })?;
        let column = command.columns.iter().position(|column| column.path.as_str() == field.path.as_str());
        Some(Picker { command, key_field: &field.name, column })
    })
}

fn squashed(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
