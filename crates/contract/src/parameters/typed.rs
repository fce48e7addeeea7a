//! Parameters in their types.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

/// Parameters as they come: names in any form, values as JSON or as text.
pub type RawParameters = Map<String, Value>;

/// A parameter's value, checked and in its type. As JSON, it is the value that its input takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
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

/// A command's parameters, checked and in their types. Names are the manifest's, and JSON is an object of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Parameters {
    pub(super) values: BTreeMap<String, ParameterValue>,
}

impl Parameters {
    /// The names of the parameters that were given, as the manifest spells them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
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
