//! The rows of an answer, serialised once: a bulk command can have ten thousand rows.

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// One JSON object per item.
#[derive(Debug, Clone)]
pub struct Rows(Box<RawValue>);

impl Rows {
    /// The parsed rows.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl<T: Serialize> From<Vec<T>> for Rows {
    fn from(rows: Vec<T>) -> Self {
        // Rows are objects with text keys, so serialisation cannot fail.
        Self(to_raw_value(&rows).unwrap_or_default())
    }
}

impl<T: Serialize> FromIterator<T> for Rows {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        rows.into_iter().collect::<Vec<T>>().into()
    }
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        self.values() == other.values()
    }
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
