//! JSON that JSONPath queries visit within a budget.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jsonpath_rust::query::queryable::Queryable;
use serde_json::{Number, Value};

use super::budget::Budget;

/// A JSON value.
#[derive(Clone, Default)]
pub struct Node {
    kind: NodeKind,
    /// The budget of the query; missing in values that are not in the document.
    budget: Option<Arc<Budget>>,
}

/// The kinds of JSON values.
#[derive(Debug, Clone, Default)]
pub enum NodeKind {
    /// Null.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// A list.
    Array(Vec<Node>),
    /// An object, in the order of its members.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A document without a budget.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self::of(value, None)
    }

    /// A document whose values are visited within a budget.
    pub(super) fn within(value: Value, budget: &Arc<Budget>) -> Self {
        Self::of(value, Some(budget))
    }

    fn of(value: Value, budget: Option<&Arc<Budget>>) -> Self {
        let kind = match value {
            Value::Null => NodeKind::Null,
            Value::Bool(value) => NodeKind::Bool(value),
            Value::Number(number) => NodeKind::Number(number),
            Value::String(text) => NodeKind::Text(text),
            Value::Array(items) => NodeKind::Array(items.into_iter().map(|item| Self::of(item, budget)).collect()),
            Value::Object(members) => {
                NodeKind::Object(members.into_iter().map(|(name, value)| (name, Self::of(value, budget))).collect())
            }
        };
        Self { kind, budget: budget.cloned() }
    }

    /// The kind of the value, with its content.
    #[must_use]
    pub fn kind(&self) -> &NodeKind {
        &self.kind
    }

    /// The value as JSON.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::Text(text) => Value::String(text.clone()),
            NodeKind::Array(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            NodeKind::Object(members) => {
                Value::Object(members.iter().map(|(name, value)| (name.clone(), value.to_value())).collect())
            }
        }
    }

    fn visit(&self, count: usize) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.visit(count))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(formatter)
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (NodeKind::Null, NodeKind::Null) => true,
            (NodeKind::Bool(one), NodeKind::Bool(other)) => one == other,
            (NodeKind::Number(one), NodeKind::Number(other)) => one == other || one.as_f64() == other.as_f64(),
            (NodeKind::Text(one), NodeKind::Text(other)) => one == other,
            (NodeKind::Array(one), NodeKind::Array(other)) => self.visit(one.len()) && one == other,
            (NodeKind::Object(one), NodeKind::Object(other)) => {
                let has_same =
                    |(name, value): &(String, Self)| other.iter().any(|(known, same)| known == name && value == same);
                one.len() == other.len()
                    && self.visit(one.len().saturating_mul(other.len()))
                    && one.iter().all(has_same)
            }
            _ => false,
        }
    }
}

impl Queryable for Node {
    fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            NodeKind::Object(members) if self.visit(0) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&Vec<Self>> {
        match &self.kind {
            NodeKind::Array(items) if self.visit(items.len()) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<Vec<(&str, &Self)>> {
        match &self.kind {
            NodeKind::Object(members) if self.visit(members.len()) => {
                Some(members.iter().map(|(name, value)| (name.as_str(), value)).collect())
            }
            _ => None,
        }
    }

    fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text) if self.visit(0) => Some(text),
            _ => None,
        }
    }

    fn as_i64(&self) -> Option<i64> {
        match &self.kind {
            NodeKind::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match &self.kind {
            NodeKind::Number(number) => number.as_f64(),
            _ => None,
        }
    }

    fn as_bool(&self) -> Option<bool> {
        match &self.kind {
            NodeKind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    fn null() -> Self {
        Self::default()
    }

    fn extension_custom(_: &str, _: Vec<Cow<'_, Self>>) -> Self {
        Self::null()
    }
}

impl From<NodeKind> for Node {
    fn from(kind: NodeKind) -> Self {
        Self { kind, budget: None }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        NodeKind::Text(text.to_owned()).into()
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        NodeKind::Text(text).into()
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        NodeKind::Bool(value).into()
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        NodeKind::Number(number.into()).into()
    }
}

impl From<f64> for Node {
    fn from(number: f64) -> Self {
        Number::from_f64(number).map_or(NodeKind::Null, NodeKind::Number).into()
    }
}

impl From<Vec<Self>> for Node {
    fn from(items: Vec<Self>) -> Self {
        NodeKind::Array(items).into()
    }
}
