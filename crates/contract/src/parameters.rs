//! Parameters: parsed once, at the edge, from what came to what the manifest says.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::manifest::{Command, Input, InputType};
use crate::name::{normalised, quoted, suggestion};

/// Parameters as they come: names in any form, values as JSON or as text.
pub type RawParameters = Map<String, Value>;

/// A parameter's value, checked and in its type.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// A whole number.
    Integer(i64),
    /// Text, or a choice as the manifest spells it.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// A list's items; choices as the manifest spells them.
    List(Vec<String>),
    /// An object's fields.
    Object(Parameters),
    /// A JSON array or object, unchecked.
    Json(Value),
}

/// What is wrong with one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterProblem {
    /// The command takes no such parameter.
    Unknown {
        /// The name that came.
        name: String,
        /// The names that are valid there.
        valid: Vec<String>,
    },
    /// A required parameter is not there.
    Missing {
        /// Its name.
        name: String,
        /// What it takes.
        expected: String,
    },
    /// The value is not what the parameter takes.
    Invalid {
        /// Its name; a field of an object as `Filter.pageSize`.
        name: String,
        /// What it takes.
        expected: String,
        /// What came.
        found: String,
    },
}

impl ParameterProblem {
    /// The error code that the problem ends in.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-parameter",
            Self::Missing { .. } => "missing-parameter",
            Self::Invalid { .. } => "invalid-parameter",
        }
    }

    fn inside(self, outer: &str) -> Self {
        let within = |name: String| format!("{outer}.{name}");
        match self {
            Self::Unknown { name, valid } => Self::Unknown { name: within(name), valid },
            Self::Missing { name, expected } => Self::Missing { name: within(name), expected },
            Self::Invalid { name, expected, found } => Self::Invalid { name: within(name), expected, found },
        }
    }
}

impl fmt::Display for ParameterProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, valid } => {
                let last = name.rsplit('.').next().unwrap_or(name);
                let near = suggestion(last, valid.iter().map(String::as_str));
                write!(formatter, "Unknown parameter {}.{near}", quoted(name))?;
                if valid.is_empty() {
                    formatter.write_str(" The command takes none.")
                } else {
                    write!(formatter, " Valid: {}.", valid.join(", "))
                }
            }
            Self::Missing { name, expected } => {
                write!(formatter, "{name} is required: expected {expected}.")
            }
            Self::Invalid { name, expected, found } => write!(formatter, "{name}: expected {expected}, found {found}."),
        }
    }
}

/// A command's parameters, checked and in their types. Names are the manifest's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    values: BTreeMap<String, ParameterValue>,
}

impl Parameters {
    /// Checks `raw` against the inputs of `command`.
    ///
    /// A null, empty text, and an empty list where the input takes one, count as not given: forms send them for fields that were left blank.
    ///
    /// # Errors
    /// Every problem, in the order of the names.
    pub fn parse(command: &Command, raw: &RawParameters) -> Result<Self, Vec<ParameterProblem>> {
        parse_fields(&command.inputs, raw)
    }

    /// The integer named `name`, if it was given.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name) {
            Some(ParameterValue::Integer(value)) => Some(*value),
            _ => None,
        }
    }

    /// The text or choice named `name`, if it was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(ParameterValue::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// The yes or no named `name`, if it was given.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.values.get(name) {
            Some(ParameterValue::Boolean(value)) => Some(*value),
            _ => None,
        }
    }

    /// The list named `name`, if it was given.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&[String]> {
        match self.values.get(name) {
            Some(ParameterValue::List(items)) => Some(items),
            _ => None,
        }
    }

    /// The object named `name`, if it was given.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Parameters> {
        match self.values.get(name) {
            Some(ParameterValue::Object(fields)) => Some(fields),
            _ => None,
        }
    }

    /// The JSON named `name`, if it was given: an array or an object.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<&Value> {
        match self.values.get(name) {
            Some(ParameterValue::Json(value)) => Some(value),
            _ => None,
        }
    }
}

fn parse_fields(inputs: &[Input], raw: &RawParameters) -> Result<Parameters, Vec<ParameterProblem>> {
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, value) in raw {
        let wanted = normalised(name);
        let Some(input) = inputs.iter().find(|input| normalised(&input.name) == wanted) else {
            problems.push(ParameterProblem::Unknown {
                name: name.clone(),
                valid: inputs.iter().map(|input| input.name.clone()).collect(),
            });
            continue;
        };
        if is_blank(input, value) {
            continue;
        }
        match parse_value(input, value) {
            Ok(value) => {
                if values.insert(input.name.clone(), value).is_some() {
                    problems.push(ParameterProblem::Invalid {
                        name: input.name.clone(),
                        expected: "it once".to_owned(),
                        found: "it under two spellings".to_owned(),
                    });
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    for input in inputs.iter().filter(|input| input.required) {
        let bad = problems
            .iter()
            .any(|problem| matches!(problem, ParameterProblem::Invalid { name, .. } if *name == input.name));
        if !bad && !values.contains_key(&input.name) {
            problems.push(ParameterProblem::Missing { name: input.name.clone(), expected: input.expectation() });
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
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
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
        // One problem is enough to act on; the next shows itself once this one is mended.
        problems.into_iter().next().map_or_else(|| invalid("nothing".to_owned()), |problem| problem.inside(&input.name))
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
