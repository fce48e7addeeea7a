//! The further fields of an answer as raw JSON.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// The further fields of an answer, in the order of insertion. Their JSON stays byte for byte.
#[derive(Debug, Clone, Default)]
pub struct More(Vec<(String, Box<RawValue>)>);

impl More {
    /// Adds a field.
    ///
    /// # Errors
    /// When `value` cannot be serialised as JSON.
    pub fn insert(&mut self, name: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
        self.insert_raw(name, to_raw_value(value)?);
        Ok(())
    }

    /// Adds a field as raw JSON.
    pub fn insert_raw(&mut self, name: &str, value: Box<RawValue>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }

    /// The raw JSON of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }
}

impl PartialEq for More {
    fn eq(&self, other: &Self) -> bool {
        self.iter().map(|(name, value)| (name, value.get())).eq(other.iter().map(|(name, value)| (name, value.get())))
    }
}
