//! A JSONPath into one row of a reply.

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// A JSONPath (RFC 9535) into one row. Plain paths like `$.info.levels` are followed directly.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPath {
    query: JpQuery,
    names: Option<Vec<String>>,
}

impl RowPath {
    /// Parses a path that starts at the row, such as `$.scanners[*].id`.
    ///
    /// # Errors
    /// What the JSONPath parser found wrong.
    pub fn parse(path: &str) -> Result<Self, String> {
        let query = parse_json_path(path).map_err(|error| error.to_string())?;
        let names = query
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Selector(Selector::Name(name)) if !name.starts_with(['\'', '"']) => Some(name.clone()),
                _ => None,
            })
            .collect();
        Ok(Self { query, names })
    }

    /// The member of the row that the path starts with, when it starts with one.
    pub(crate) fn first_name(&self) -> Option<&str> {
        match self.query.segments.first() {
            Some(Segment::Selector(Selector::Name(name))) if !name.starts_with(['\'', '"']) => Some(name),
            _ => None,
        }
    }

    /// All values at the path, in the row's order; none where the path leads nowhere.
    #[must_use]
    pub fn values<'a>(&self, row: &'a Value) -> Vec<&'a Value> {
        match &self.names {
            Some(names) => names.iter().try_fold(row, |value, name| value.get(name)).into_iter().collect(),
            None => js_path_process(&self.query, row)
                .map(|found| found.into_iter().map(|reference| reference.val).collect())
                .unwrap_or_default(),
        }
    }

    /// Whether the path leads to one value at most.
    pub(crate) fn is_plain(&self) -> bool {
        self.names.is_some()
    }
}
