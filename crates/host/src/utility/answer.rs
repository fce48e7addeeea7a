//! What a command answers over the Command API.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// An HTML table of class `cc-table`, where the command shows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Why it failed; empty otherwise.
    pub error: String,
    /// How it ended.
    pub return_data: Ended,
    /// One object per item, where the command has items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_data: Option<Vec<Value>>,
    /// What else a command answers with, such as `rawData` and `keyFields` of an integration command.
    #[serde(flatten)]
    pub more: Map<String, Value>,
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
            | StoreError::InUse { .. } => Self::Because(error.to_string()),
            _ => Self::Store(error),
        }
    }
}
