//! The values of the fields of inputs.

use serde_json::{Map, Value};
use soar_connector::RawParameters;
use soar_connector::manifest::{Command, Input, InputType};
use soar_connector::name::normalised;

use super::field::{name_of, name_within};
use crate::parts::with_line_feeds;
use crate::visit::Form;

/// The parameters of the form. Notes texts that are no JSON at their fields.
pub(crate) fn parameters(form: &mut Form, command: &Command) -> RawParameters {
    let mut given = RawParameters::new();
    for input in &command.inputs {
        let name = name_of(input);
        let text = form.text(&name).to_owned();
        let value = match input.kind {
            InputType::Object => object(form, input, &name, &text),
            _ if text.is_empty() => None,
            InputType::Json => json(form, &name, &text),
            InputType::List => Some(list(&text)),
            _ => Some(Value::String(with_line_feeds(&text))),
        };
        given.extend(value.map(|value| (input.name.clone(), value)));
    }
    given
}

/// The items of a JSON array, or of a text with one item per line or between commas.
fn list(text: &str) -> Value {
    if text.starts_with('[')
        && let Ok(items @ Value::Array(_)) = serde_json::from_str(text)
    {
        return items;
    }
    text.split(['\n', ',']).map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
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

#[cfg(test)]
mod tests {
    use super::super::field::text_of;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_read_from_lines_commas_and_json_and_shown_as_it_can_be_read_again() {
        assert_eq!(list("1\n2\n\n 3 "), json!(["1", "2", "3"]));
        assert_eq!(list("1, 2,"), json!(["1", "2"]));
        assert_eq!(list("[\"a, b\", 4]"), json!(["a, b", 4]));
        assert_eq!(list("[not JSON"), json!(["[not JSON"]));
        for value in [json!(["1", "2"]), json!(["a, b", "c\nd"]), json!([1, 2])] {
            assert_eq!(list(&text_of(&value)), value);
        }
    }
}
