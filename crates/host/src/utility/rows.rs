//! The rows of an answer, as JSON that is written once: a bulk command answers ten thousand of them.

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// One JSON object per item. Made from a list of whatever serialises as an object.
#[derive(Debug, Clone)]
pub struct Rows(Box<RawValue>);

impl Rows {
    /// The rows, to look into them.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl<T: Serialize> From<Vec<T>> for Rows {
    fn from(rows: Vec<T>) -> Self {
        // Rows are objects with text for names: nothing that JSON cannot say.
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
