//! The field of an input.

use serde_json::Value;
use soar_connector::cell_text;
use soar_connector::manifest::{Input, InputType};
use soar_connector::name::normalised;

use crate::parts::Field;

/// The text in the field of an input that has this value.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Array(items)
            if items.iter().all(|item| item.as_str().is_some_and(|item| !item.contains([',', '\n']))) =>
        {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        Value::Object(_) | Value::Array(_) => value.to_string(),
        value => cell_text(value),
    }
}

/// The name of the field of an input.
pub(crate) fn name_of(input: &Input) -> String {
    format!("p.{}", normalised(&input.name))
}

/// The name of the field of a member of an input that is an object.
pub(crate) fn name_within(outer: &str, input: &Input) -> String {
    format!("{outer}.{}", normalised(&input.name))
}

/// The field of an input, with this name.
pub(crate) fn field(input: &Input, name: &str) -> Field {
    let label = if input.required { input.name.clone() } else { format!("{} (Optional)", input.name) };
    let choices = |names: &[String]| {
        // A required yes or no is No unless the user chooses otherwise. Any other choice is made by the user.
        let has_none = !input.required || input.kind == InputType::Choice;
        let none = has_none.then(|| (String::new(), "Not given".to_owned()));
        none.into_iter().chain(names.iter().map(|name| (name.clone(), name.clone()))).collect::<Vec<_>>()
    };
    let example = match input.kind {
        InputType::Object | InputType::Json => input.example.to_string(),
        InputType::List if input.choices.is_empty() => text_of(&input.example),
        _ => cell_text(&input.example),
    };
    let field = match input.kind {
        InputType::Integer => Field::number(name, label, input.minimum, input.maximum).placeholder(&example),
        InputType::Boolean => Field::choice(name, label, choices(&["No".to_owned(), "Yes".to_owned()])),
        InputType::Choice => Field::choice(name, label, choices(&input.choices)),
        InputType::Object | InputType::Json => Field::lines(name, label).placeholder(&example),
        InputType::Text => Field::text(name, label).placeholder(&example),
        InputType::List if input.choices.is_empty() => Field::lines(name, label).placeholder(&example),
        InputType::List => Field::text(name, label).placeholder(&example).suggestions(input.choices.clone()),
    };
    let help = match input.kind {
        InputType::Choice | InputType::Boolean | InputType::Text => input.description.clone(),
        InputType::List if input.choices.is_empty() => format!("{} One per line.", input.description),
        _ => format!("{} Expected: {}.", input.description, input.expectation()),
    };
    let field = field.help(help);
    if input.required { field.required() } else { field }
}
