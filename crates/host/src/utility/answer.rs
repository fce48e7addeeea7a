//! What a command answers over the Command API.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::More;
use crate::store::StoreError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ended {
    /// Everything was done.
    Successful,
    /// Some items of a bulk command were done, and some were not.
    #[serde(rename = "Partially Successful")]
    PartiallySuccessful,
    /// Nothing was done.
    Failed,
}

/// The body of an answer with status 200: D3's field names.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// An HTML table of class `cc-table`, where the command shows one.
    pub result: Option<String>,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// How it ended.
    pub return_data: Ended,
    /// One object per item, where the command has items.
    pub context_data: Option<Vec<Value>>,
    /// What else a command answers with, such as `rawData` and `keyFields` of an integration command.
    pub more: More,
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(result) = &self.result {
            map.serialize_entry("result", result)?;
        }
        map.serialize_entry("error", &self.error)?;
        map.serialize_entry("returnData", &self.return_data)?;
        if let Some(rows) = &self.context_data {
            map.serialize_entry("contextData", rows)?;
        }
        for (name, value) in self.more.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnswerVisitor)
    }
}

/// Reads an answer back; derived code would lose the bytes of the fields in [`More`].
struct AnswerVisitor;

impl<'de> Visitor<'de> for AnswerVisitor {
    type Value = Answer;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Answer, A::Error> {
        let (mut result, mut error, mut return_data, mut context_data) = (None, None, None, None);
        let mut more = More::default();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "result" => result = fields.next_value()?,
                "error" => error = Some(fields.next_value()?),
                "returnData" => return_data = Some(fields.next_value()?),
                "contextData" => context_data = fields.next_value()?,
                _ => more.insert_raw(&name, fields.next_value::<Box<RawValue>>()?),
            }
        }
        let missing = <A::Error as serde::de::Error>::missing_field;
        Ok(Answer {
            result,
            error: error.ok_or_else(|| missing("error"))?,
            return_data: return_data.ok_or_else(|| missing("returnData"))?,
            context_data,
            more,
        })
    }
}

/// Why a command did nothing; answered with status 200 and this as `error`.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A right is missing, or a parameter's value cannot be used.
    #[error("{0}")]
    Because(String),
    /// The store failed: the caller learns no more than that (status 500).
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    /// What is not there is the caller's error; all else is the store's.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { .. }
            | StoreError::Duplicate { .. }
            | StoreError::Invalid(_)
            | StoreError::InUse { .. }
            | StoreError::Conflict(_) => Self::Because(error.to_string()),
            _ => Self::Store(error),
        }
    }
}
