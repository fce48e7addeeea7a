//! What a command answers over the Command API.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use soar_store::HeldRoom;

use super::{More, Rows};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Ended {
    /// Everything was done.
    Successful,
    /// Some items of a bulk command were done, and some were not.
    #[serde(rename = "Partially Successful")]
    PartiallySuccessful,
    /// Nothing was done.
    Failed,
}

impl Ended {
    /// As `returnData` says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "Successful",
            Self::PartiallySuccessful => "Partially Successful",
            Self::Failed => "Failed",
        }
    }

    /// How a command on several items ended.
    #[must_use]
    pub const fn of(done: usize, failed: usize) -> Self {
        match (done, failed) {
            (_, 0) => Self::Successful,
            (0, _) => Self::Failed,
            _ => Self::PartiallySuccessful,
        }
    }
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
    /// What stands under `returnData` in place of how it ended, for the commands whose documentation says so.
    pub shown: Option<Value>,
    /// One object per item, where the command has items.
    pub context_data: Option<Rows>,
    /// What else a command answers with, such as `rawData` and `keyFields` of an integration command.
    pub more: More,
    /// The memory for answers that this one takes.
    pub room: HeldRoom,
}

impl Answer {
    /// An answer that says only how it ended.
    #[must_use]
    pub fn ended(return_data: Ended) -> Self {
        Self {
            result: None,
            error: String::new(),
            return_data,
            shown: None,
            context_data: None,
            more: More::default(),
            room: HeldRoom::default(),
        }
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(result) = &self.result {
            map.serialize_entry("result", result)?;
        }
        map.serialize_entry("error", &self.error)?;
        match &self.shown {
            Some(shown) => map.serialize_entry("returnData", shown)?,
            None => map.serialize_entry("returnData", &self.return_data)?,
        }
        if let Some(rows) = &self.context_data {
            map.serialize_entry("contextData", rows)?;
        }
        for (name, value) in self.more.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
