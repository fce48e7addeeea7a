//! The inputs of a command as fields of a form, drawn from the manifest, and their values.

use serde_json::{Map, Value};
use soar_connector::manifest::{Command, Input, InputType};
use soar_connector::name::normalised;
use soar_connector::{Manifest, ParameterProblem, ParameterProblems, RawParameters, cell_text};
use soar_host::results::KeptRun;

use super::pickers::picker;
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

/// The name of the field of an input.
pub(super) fn name_of(input: &Input) -> String {
    format!("p.{}", normalised(&input.name))
}

fn name_within(outer: &str, input: &Input) -> String {
    format!("{outer}.{}", normalised(&input.name))
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

fn field(input: &Input, name: &str) -> Field {
    let label = if input.required { input.name.clone() } else { format!("{} (Optional)", input.name) };
    let choices = |names: &[String]| {
        let none = std::iter::once((String::new(), "Not given".to_owned()));
        none.chain(names.iter().map(|name| (name.clone(), name.clone()))).collect::<Vec<_>>()
    };
    let example = match input.kind {
        InputType::Object | InputType::Json => input.example.to_string(),
        _ => cell_text(&input.example),
    };
    let field = match input.kind {
        InputType::Integer => Field::number(name, label, input.minimum, input.maximum).placeholder(&example),
        InputType::Boolean => Field::choice(name, label, choices(&["Yes".to_owned(), "No".to_owned()])),
        InputType::Choice => Field::choice(name, label, choices(&input.choices)),
        InputType::Object | InputType::Json => Field::lines(name, label).placeholder(&example),
        InputType::Text => Field::text(name, label).placeholder(&example),
        InputType::List => Field::text(name, label).placeholder(&example).suggestions(input.choices.clone()),
    };
    let help = match input.kind {
        InputType::Choice | InputType::Boolean | InputType::Text => input.description.clone(),
        _ => format!("{} Expected: {}.", input.description, input.expectation()),
    };
    let field = field.help(help);
    if input.required { field.required() } else { field }
}

/// The parameters of the form. Notes texts that are no JSON at their fields.
pub(super) fn parameters(form: &mut Form, command: &Command) -> RawParameters {
    let mut given = RawParameters::new();
    for input in &command.inputs {
        let name = name_of(input);
        let text = form.text(&name).to_owned();
        let value = match input.kind {
            InputType::Object => object(form, input, &name, &text),
            InputType::Json if !text.is_empty() => json(form, &name, &text),
            _ => (!text.is_empty()).then_some(Value::String(text)),
        };
        given.extend(value.map(|value| (input.name.clone(), value)));
    }
    given
}

fn json(form: &mut Form, name: &str, text: &str) -> Option<Value> {
    match serde_json::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            form.wrong(name, format!("This is not JSON: {error}."));
            None
        }
    }
}

/// The JSON object of the editor with the values of its own fields.
fn object(form: &mut Form, input: &Input, name: &str, text: &str) -> Option<Value> {
    let mut members = match text.is_empty() {
        true => Map::new(),
        false => match json(form, name, text)? {
            Value::Object(members) => members,
            _ => {
                form.wrong(name, "Expected a JSON object, such as {\"name\": \"value\"}.");
                return None;
            }
        },
    };
    for inner in &input.fields {
        let field = name_within(name, inner);
        let text = form.text(&field).to_owned();
        if text.is_empty() {
            continue;
        }
        if members.keys().any(|known| normalised(known) == normalised(&inner.name)) {
            form.wrong(&field, format!("{} is in the JSON text too. Give it once.", inner.name));
            continue;
        }
        members.insert(inner.name.clone(), Value::String(text));
    }
    (!members.is_empty() || !text.is_empty()).then_some(Value::Object(members))
}

/// Notes the problems of parameters at their fields.
pub(super) fn place_problems(form: &mut Form, command: &Command, problems: &ParameterProblems) {
    for problem in problems.described() {
        let (ParameterProblem::Unknown { name, .. }
        | ParameterProblem::Missing { name, .. }
        | ParameterProblem::Invalid { name, .. }) = problem;
        let (outer, inner) = name.split_once('.').map_or((name.as_str(), None), |(outer, inner)| (outer, Some(inner)));
        let Some(input) = command.input(outer) else {
            form.refuse(problem.to_string());
            continue;
        };
        let own = name_of(input);
        let inner = inner.and_then(|inner| input.fields.iter().find(|one| normalised(&one.name) == normalised(inner)));
        let inner = inner.map(|inner| name_within(&own, inner)).filter(|inner| !form.text(inner).is_empty());
        form.wrong(&inner.unwrap_or(own), problem.to_string());
    }
    if problems.more() > 0 {
        form.refuse(format!("There are {} more problems.", problems.more()));
    }
}

/// The fields of the form that has the parameters of a run.
pub(super) fn refilled(run: &KeptRun) -> Vec<Hidden> {
    let command = &run.command;
    let fields = run.parameters.iter().filter_map(|(name, value)| {
        let input = command.input(name)?;
        let text = match value {
            Value::Object(_) | Value::Array(_) => value.to_string(),
            value => cell_text(value),
        };
        Some(Hidden::new(name_of(input), text))
    });
    let chosen = [
        Hidden::new("connection", run.connection.id.to_string()),
        Hidden::new("site", run.site.name.clone()),
        Hidden::new("command", command.name.clone()),
    ];
    chosen.into_iter().chain(fields).collect()
}
