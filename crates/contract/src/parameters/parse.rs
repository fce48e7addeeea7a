//! Checks what came against a command's inputs.

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{ParameterProblem, ParameterProblems, ParameterValue, Parameters, RawParameters};
use crate::manifest::{Command, Input, InputType};
use crate::name::{normalised, quoted};

impl Parameters {
    /// Checks `raw` against the inputs of `command`.
    ///
    /// A null, empty text, and an empty list where the input takes one, count as not given: forms send them for fields
    /// that were left blank.
    ///
    /// # Errors
    /// [`ParameterProblems`].
    pub fn parse(command: &Command, raw: &RawParameters) -> Result<Self, ParameterProblems> {
        parse_fields(&command.inputs, raw)
    }
}

/// Checks an object's members against these inputs, which are few. The work grows with the members, however many are
/// wrong.
fn parse_fields(inputs: &[Input], raw: &RawParameters) -> Result<Parameters, ParameterProblems> {
    // Most callers spell names as the manifest does.
    let by_spelling: LazyCell<HashMap<String, &Input>, _> =
        LazyCell::new(|| inputs.iter().map(|input| (normalised(&input.name), input)).collect());
    let named = |name: &str| {
        let exact = inputs.iter().find(|input| input.name == name);
        exact.or_else(|| by_spelling.get(&normalised(name)).copied())
    };
    let (mut values, mut invalid) = (BTreeMap::new(), HashSet::new());
    let mut problems = ParameterProblems::default();
    for (name, value) in raw {
        let Some(input) = named(name) else {
            problems.add(|| ParameterProblem::Unknown {
                name: name.clone(),
                valid: inputs.iter().map(|input| input.name.clone()).collect(),
            });
            continue;
        };
        if is_blank(input, value) {
            continue;
        }
        if values.contains_key(&input.name) || invalid.contains(&input.name) {
            problems.add(|| ParameterProblem::Invalid {
                name: input.name.clone(),
                expected: "it once".to_owned(),
                found: "it under two spellings".to_owned(),
            });
            continue;
        }
        match parse_value(input, value) {
            Ok(value) => drop(values.insert(input.name.clone(), value)),
            Err(problem) => {
                invalid.insert(&input.name);
                problems.add(|| problem);
            }
        }
    }
    for input in inputs.iter().filter(|input| input.required) {
        if !invalid.contains(&input.name) && !values.contains_key(&input.name) {
            problems.add(|| ParameterProblem::Missing { name: input.name.clone(), expected: input.expectation() });
        }
    }
    if problems.is_empty() { Ok(Parameters { values }) } else { Err(problems) }
}

fn is_blank(input: &Input, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty() && matches!(input.kind, InputType::List | InputType::Json),
        _ => false,
    }
}

/// Checks one value against its input.
pub(crate) fn parse_value(input: &Input, value: &Value) -> Result<ParameterValue, ParameterProblem> {
    let invalid =
        || ParameterProblem::Invalid { name: input.name.clone(), expected: input.expectation(), found: found(value) };
    let parsed = match input.kind {
        InputType::Integer => integer(value)
            .filter(|number| {
                input.minimum.is_none_or(|low| *number >= low) && input.maximum.is_none_or(|high| *number <= high)
            })
            .map(ParameterValue::Integer),
        InputType::Text => text(value).map(ParameterValue::Text),
        InputType::Boolean => boolean(value).map(ParameterValue::Boolean),
        InputType::Choice => text(value).and_then(|given| choice(input, &given)).map(ParameterValue::Text),
        InputType::List => list(input, value).map(ParameterValue::List),
        InputType::Object => return object(input, value),
        InputType::Json => json(value).map(ParameterValue::Json),
    };
    parsed.ok_or_else(invalid)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        // Playbooks hand numbers on as floats; 3.0 is a whole number, 3.5 is not.
        Value::Number(number) => number.as_i64().or_else(|| {
            number
                .as_f64()
                .filter(|float| float.fract() == 0.0 && float.abs() < 9e15)
                .and_then(|float| format!("{float:.0}").parse().ok())
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        // No store and no shell keeps a NUL.
        Value::String(text) if text.contains('\0') => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) => parse_boolean(text),
        _ => None,
    }
}

/// Yes or no, true or false, in any case.
#[must_use]
pub fn parse_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn choice(input: &Input, given: &str) -> Option<String> {
    input.choices.iter().find(|choice| choice.eq_ignore_ascii_case(given.trim())).cloned()
}

fn list(input: &Input, value: &Value) -> Option<Vec<String>> {
    let items: Vec<String> = match value {
        Value::Array(items) => items.iter().map(text).collect::<Option<_>>()?,
        Value::String(text) if text.contains('\0') => return None,
        Value::String(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        Value::Number(number) => vec![number.to_string()],
        _ => return None,
    };
    if items.is_empty() || items.iter().any(String::is_empty) {
        return None;
    }
    if input.choices.is_empty() {
        return Some(items);
    }
    items.iter().map(|item| choice(input, item)).collect()
}

fn json(value: &Value) -> Option<Value> {
    let parsed = match value {
        Value::String(text) => serde_json::from_str(text).ok()?,
        _ => value.clone(),
    };
    Some(parsed).filter(|value| (value.is_array() || value.is_object()) && !has_nul(value))
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn object(input: &Input, value: &Value) -> Result<ParameterValue, ParameterProblem> {
    let invalid =
        |found: String| ParameterProblem::Invalid { name: input.name.clone(), expected: input.expectation(), found };
    let parsed;
    let fields = match value {
        Value::Object(fields) => fields,
        Value::String(text) => {
            parsed = serde_json::from_str::<Map<String, Value>>(text)
                .map_err(|error| invalid(format!("{} ({error})", quoted(text))))?;
            &parsed
        }
        other => return Err(invalid(found(other))),
    };
    parse_fields(&input.fields, fields).map(ParameterValue::Object).map_err(|problems| {
        // One problem is enough to act on. The next shows itself once this one is mended.
        problems.into_first().map_or_else(|| invalid("nothing".to_owned()), |problem| problem.inside(&input.name))
    })
}

fn found(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => {
            let kind = if value.is_array() { "the list" } else { "the object" };
            format!("{kind} {}", quoted(&value.to_string()))
        }
        other => other.to_string(),
    }
}
