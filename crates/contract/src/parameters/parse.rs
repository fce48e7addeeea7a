//! Checks what came against a command's inputs.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::value::parse_value;
use super::{ParameterProblem, ParameterProblems, Parameters, RawParameters};
use crate::manifest::{Command, Input, InputType};
use crate::name::normalised;

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

/// Checks an object's members against these inputs. The work grows with the members alone, however many are wrong.
pub(super) fn parse_fields(inputs: &[Input], raw: &RawParameters) -> Result<Parameters, ParameterProblems> {
    let by_name: HashMap<String, &Input> = inputs.iter().map(|input| (normalised(&input.name), input)).collect();
    let (mut values, mut invalid) = (BTreeMap::new(), HashSet::new());
    let mut problems = ParameterProblems::default();
    for (name, value) in raw {
        let Some(input) = by_name.get(&normalised(name)) else {
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
