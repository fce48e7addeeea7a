//! A JSONPath as it stands in a manifest, parsed when the manifest is loaded.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::row_path::RowPath;

/// A JSONPath (RFC 9535) that starts at one row of the reply, such as `$.scanners[*].id`.
#[derive(Debug, Clone, PartialEq)]
pub struct ManifestPath {
    text: String,
    path: RowPath,
}

impl ManifestPath {
    /// The path as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path from the start of the raw data, where rows are found at `rows` (such as `$.items[*]`).
    #[must_use]
    pub fn in_raw_data(&self, rows: &str) -> String {
        format!("{rows}{}", self.text.trim_start_matches('$'))
    }

    pub(crate) fn row_path(&self) -> &RowPath {
        &self.path
    }
}

impl<'de> Deserialize<'de> for ManifestPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let path = RowPath::parse(&text).map_err(|_| {
            serde::de::Error::custom(format!(
                "{text:?} is no JSONPath (RFC 9535); write a path from the row, such as \"$.id\""
            ))
        })?;
        Ok(Self { text, path })
    }
}

impl Serialize for ManifestPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl JsonSchema for ManifestPath {
    fn schema_name() -> Cow<'static, str> {
        "JsonPath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": r"^\$",
            "description": "A JSONPath (RFC 9535) that starts at one row of the reply, such as \"$.id\"."
        })
    }
}
