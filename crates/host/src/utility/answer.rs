//! The answer of a command over the Command API.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use soar_store::HeldRoom;

use super::{More, Rows};

/// The result of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum CommandResult {
    /// The command did everything.
    Successful,
    /// The bulk command did some items, but not all.
    #[serde(rename = "Partially Successful")]
    PartiallySuccessful,
    /// The command did nothing.
    Failed,
}

impl CommandResult {
    /// The text in `returnData`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Successful => "Successful",
            Self::PartiallySuccessful => "Partially Successful",
            Self::Failed => "Failed",
        }
    }

    /// The result of a command on several items.
    #[must_use]
    pub const fn of(done: usize, failed: usize) -> Self {
        match (done, failed) {
            (_, 0) => Self::Successful,
            (0, _) => Self::Failed,
            _ => Self::PartiallySuccessful,
        }
    }
}

/// The body of an answer with status 200, with D3's field names.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// An HTML table of class `cc-table`, where the command has one.
    pub result: Option<String>,
    /// The error; empty for a successful command.
    pub error: String,
    /// The result.
    pub return_data: CommandResult,
    /// The value of `returnData` in place of the result, for commands that are documented so.
    pub shown: Option<Value>,
    /// One object per item, for a command with items.
    pub context_data: Option<Rows>,
    /// The further fields, such as `rawData` and `keyFields` of an integration command.
    pub more: More,
    /// This answer's share of the memory for answers.
    pub room: HeldRoom,
}

impl Answer {
    /// An answer with only a result.
    #[must_use]
    pub fn ended(return_data: CommandResult) -> Self {
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
