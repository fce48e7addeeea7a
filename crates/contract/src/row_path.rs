//! A JSONPath into one row of a reply.

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// A JSONPath (RFC 9535) into one row. Paths of nothing but names, like `$.info.levels` and `$['severity','level']`, are
/// followed directly.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPath {
    query: JpQuery,
    /// The names of each step, if each step has only names.
    names: Option<Vec<Vec<String>>>,
}

impl RowPath {
    /// Parses a path that starts at the row, such as `$.scanners[*].id`.
    ///
    /// # Errors
    /// The JSONPath parser's error.
    pub fn parse(path: &str) -> Result<Self, String> {
        let query = parse_json_path(path).map_err(|error| error.to_string())?;
        let names = query.segments.iter().map(names_of).collect();
        Ok(Self { query, names })
    }

    /// The members of the row with which the path starts, when it starts with names.
    pub(crate) fn first_names(&self) -> Option<Vec<String>> {
        names_of(self.query.segments.first()?)
    }

    /// All values at the path; none where the path leads nowhere. Names of one step give values in the order of the names.
    #[must_use]
    pub fn values<'a>(&self, row: &'a Value) -> Vec<&'a Value> {
        let Some(steps) = &self.names else {
            return js_path_process(&self.query, row)
                .map(|found| found.into_iter().map(|reference| reference.val).collect())
                .unwrap_or_default();
        };
        let mut found = vec![row];
        for names in steps {
            found = found.into_iter().flat_map(|value| names.iter().filter_map(|name| value.get(name))).collect();
        }
        found
    }

    /// Whether the path leads to one value at most.
    pub(crate) fn is_plain(&self) -> bool {
        self.names.as_ref().is_some_and(|steps| steps.iter().all(|names| names.len() == 1))
    }
}

/// The names that a step selects; `None` if it has another selector.
fn names_of(step: &Segment) -> Option<Vec<String>> {
    let selectors = match step {
        Segment::Selector(selector) => std::slice::from_ref(selector),
        Segment::Selectors(selectors) => selectors,
        Segment::Descendant(_) => return None,
    };
    let name = |selector: &Selector| match selector {
        Selector::Name(name) => Some(name.clone()),
        _ => None,
    };
    selectors.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_followed_as_the_query_would_be() {
        let row = json!({
            "severity": "high", "level": {"x": 1, "y": 2}, "a b": {"x": 3}, "list": [{"x": 4}], "it's": 5, "none": null,
            "a": 6, "'a'": 7, "\"a\"": 8, "": 9,
        });
        for (path, is_direct) in [
            ("$.severity", true),
            ("$['severity']", true),
            ("$[\"severity\"]", true),
            ("$['a b'].x", true),
            ("$['severity','level']", true),
            ("$['level','severity']", true),
            ("$['level','a b']['y','x']", true),
            ("$['missing','none']", true),
            ("$.list.x", true),
            ("$.severity.x", true),
            ("$[\"it's\"]", true),
            ("$['it\\'s']", true),
            ("$[\"'a'\"]", true),
            ("$['\"a\"']", true),
            ("$['']", true),
            ("$.list[*].x", false),
            ("$..x", false),
            ("$['level',0]", false),
        ] {
            let direct = RowPath::parse(path).unwrap();
            assert_eq!(direct.names.is_some(), is_direct, "{path}");
            let queried = RowPath { names: None, ..direct.clone() };
            assert_eq!(direct.values(&row), queried.values(&row), "{path}");
        }
    }

    /// The order of RFC 9535: all values of one value, then all of the next.
    #[test]
    fn names_of_two_steps_give_values_by_the_first_step() {
        let row = json!({"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}});
        let path = RowPath::parse("$['a','b']['y','x']").unwrap();
        assert_eq!(path.values(&row), [&json!(2), &json!(1), &json!(4), &json!(3)]);
    }
}
