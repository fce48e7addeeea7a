//! The inputs of a command in the form of Test Command, with the commands that list their values.

use serde_json::Value;
use soar_connector::Manifest;
use soar_connector::manifest::{Command, Input};
use soar_host::results::KeptRun;

use super::pickers::picker;
use crate::inputs::{field, name_of, name_within, text_of};
use crate::parts::{Field, Hidden};
use crate::visit::Form;

/// An input in the form.
#[derive(Debug)]
pub(super) struct InputField {
    pub(super) field: Field,
    /// The name of the field, if a command lists its values.
    pub(super) picker: Option<String>,
    /// The name of the command that lists its values.
    pub(super) listed_by: String,
    /// The fields of a JSON object.
    pub(super) fields: Vec<InputField>,
    /// Whether one of these fields has a value or a problem.
    pub(super) is_open: bool,
}

/// The inputs of a command.
pub(super) fn inputs(manifest: &Manifest, command: &Command, form: &Form) -> Vec<InputField> {
    command.inputs.iter().map(|input| shown(manifest, command, input, name_of(input), form)).collect()
}

fn shown(manifest: &Manifest, command: &Command, input: &Input, name: String, form: &Form) -> InputField {
    let found = picker(manifest, &input.name).filter(|picker| picker.command.name != command.name);
    let listed_by = found.as_ref().map(|picker| picker.command.name.clone()).unwrap_or_default();
    let fields: Vec<_> =
        input.fields.iter().map(|inner| shown(manifest, command, inner, name_within(&name, inner), form)).collect();
    let is_open = input.fields.iter().any(|inner| {
        let inner = name_within(&name, inner);
        !form.text(&inner).is_empty() || form.problem_at(&inner).is_some()
    });
    InputField { field: field(input, &name).of(form), picker: found.map(|_| name), listed_by, fields, is_open }
}

/// The fields of the form that has the parameters of a run. Parameters that the command does not have are left out.
pub(super) fn values<'a>(
    command: &'a Command,
    parameters: impl IntoIterator<Item = (&'a String, &'a Value)>,
) -> impl Iterator<Item = (String, String)> {
    parameters.into_iter().filter_map(|(name, value)| Some((name_of(command.input(name)?), text_of(value))))
}

/// The hidden fields of a form that runs a command again.
pub(super) fn refilled(run: &KeptRun) -> Vec<Hidden> {
    let command = &run.command;
    let chosen = [
        Hidden::new("connection", run.connection.id.to_string()),
        Hidden::new("site", run.site.name.clone()),
        Hidden::new("command", command.name.clone()),
    ];
    let fields = values(command, run.parameters.iter()).map(|(name, value)| Hidden::new(name, value));
    chosen.into_iter().chain(fields).collect()
}
