//! Queries over the raw data of a result: a JSONPath, or a text.

use std::sync::Arc;

use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

use super::budget::Budget;
use super::content::{ContentError, ResultContent};
use super::json::{Node, NodeKind};

/// The longest JSONPath, in characters.
const LONGEST_PATH: usize = 500;

/// The most matches that are returned.
const MOST: usize = 200;

/// The most bytes of JSON that are returned for one match.
const LONGEST_MATCH: usize = 2_000;

/// A match of a query.
#[derive(Debug)]
pub struct Match {
    /// The page of the raw data, counted from 1.
    pub page: usize,
    /// The normalised JSONPath of the value within its page.
    pub path: String,
    /// The value as JSON, possibly cut.
    pub json: String,
}

/// The matches of a query.
#[derive(Debug, Default)]
pub struct Matches {
    /// The first matches.
    pub shown: Vec<Match>,
    /// The number of all matches that were found.
    pub total: usize,
    /// Whether the query stopped early, because its budget was spent.
    pub is_cut: bool,
}

/// The reason for which a query has no matches.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The JSONPath is not valid.
    #[error("This is not a JSONPath (RFC 9535), such as $.items[*].id: {0}")]
    Path(String),
    /// The JSONPath is too long.
    #[error("Expected a JSONPath of at most {LONGEST_PATH} characters.")]
    TooLong,
    /// The raw data cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
}

impl Matches {
    fn add(&mut self, page: usize, path: String, value: impl FnOnce() -> Value) {
        self.total += 1;
        if self.shown.len() < MOST {
            let mut json = value().to_string();
            if json.len() > LONGEST_MATCH {
                let end = (0..=LONGEST_MATCH).rev().find(|end| json.is_char_boundary(*end)).unwrap_or(0);
                json.truncate(end);
                json.push('…');
            }
            self.shown.push(Match { page: page + 1, path, json });
        }
    }
}

impl ResultContent {
    /// The values at a JSONPath, in each page of the raw data. The query has a budget of time and of values that it
    /// visits. Blocks the thread.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn at_path(&self, path: &str) -> Result<Matches, QueryError> {
        if path.chars().count() > LONGEST_PATH {
            return Err(QueryError::TooLong);
        }
        let query = parse_json_path(path).map_err(|error| QueryError::Path(error.to_string()))?;
        self.matches(|document, page, matches| {
            let found = js_path_process(&query, document).map_err(|error| QueryError::Path(error.to_string()))?;
            for one in found {
                matches.add(page, one.path, || one.val.to_value());
            }
            Ok(())
        })
    }

    /// The texts, numbers and member names of the raw data that contain `text`. Case makes no difference. Blocks the
    /// thread.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn containing(&self, text: &str) -> Result<Matches, QueryError> {
        let wanted = text.to_lowercase();
        self.matches(|document, page, matches| {
            search(document, "$", &wanted, page, matches);
            Ok(())
        })
    }

    fn matches(
        &self,
        mut query: impl FnMut(&Node, usize, &mut Matches) -> Result<(), QueryError>,
    ) -> Result<Matches, QueryError> {
        let budget = Arc::new(Budget::new());
        let mut matches = Matches::default();
        for page in 0..self.raw_count() {
            if !budget.visit(0) {
                break;
            }
            let Some(raw) = self.raw(page)? else { break };
            let document = Node::within(serde_json::from_str(&raw).map_err(ContentError::from)?, &budget);
            query(&document, page, &mut matches)?;
        }
        matches.is_cut = budget.is_spent();
        Ok(matches)
    }
}

fn search(node: &Node, path: &str, wanted: &str, page: usize, matches: &mut Matches) {
    use jsonpath_rust::query::queryable::Queryable as _;
    let contains = |text: &str| text.to_lowercase().contains(wanted);
    match node.kind() {
        NodeKind::Array(_) => {
            for (index, item) in node.as_array().into_iter().flatten().enumerate() {
                search(item, &format!("{path}[{index}]"), wanted, page, matches);
            }
        }
        NodeKind::Object(_) => {
            for (name, value) in node.as_object().into_iter().flatten() {
                let path = format!("{path}['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"));
                let is_leaf = !matches!(value.kind(), NodeKind::Array(_) | NodeKind::Object(_));
                if contains(name) {
                    matches.add(page, path.clone(), || value.to_value());
                    if is_leaf {
                        continue;
                    }
                }
                search(value, &path, wanted, page, matches);
            }
        }
        NodeKind::Text(text) if contains(text) => matches.add(page, path.to_owned(), || node.to_value()),
        NodeKind::Number(number) if contains(&number.to_string()) => {
            matches.add(page, path.to_owned(), || node.to_value());
        }
        NodeKind::Text(_) | NodeKind::Number(_) | NodeKind::Bool(_) | NodeKind::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::super::sealed_file::SealedFile;
    use super::*;
    use crate::sealing::Keyring;

    fn content(pages: &[Value]) -> ResultContent {
        let file = SealedFile::new(Keyring::generate().unwrap()).unwrap();
        let content = ResultContent::new(file, Vec::new(), Vec::new());
        for page in pages {
            let chunk = content.file.append(page.to_string().as_bytes()).unwrap();
            content.layout.lock().unwrap().raw.push(chunk);
        }
        content
    }

    fn found(matches: &Matches) -> Vec<(usize, &str, &str)> {
        matches.shown.iter().map(|one| (one.page, one.path.as_str(), one.json.as_str())).collect()
    }

    #[test]
    fn a_path_finds_its_values_in_each_page() {
        let content = content(&[json!({"items": [{"id": 1}, {"id": 2}]}), json!({"items": [{"id": 3}]})]);
        let matches = content.at_path("$.items[*].id").unwrap();
        let expected =
            [(1, "$['items'][0]['id']", "1"), (1, "$['items'][1]['id']", "2"), (2, "$['items'][0]['id']", "3")];
        assert_eq!(found(&matches), expected);
        assert_eq!(content.at_path("$.items[?@.id > 1].id").unwrap().total, 2);
        assert!(matches!(content.at_path("items"), Err(QueryError::Path(_))));
        assert!(matches!(content.at_path(&"$.x".repeat(400)), Err(QueryError::TooLong)));
    }

    #[test]
    fn a_text_is_found_in_names_and_values() {
        let content = content(&[json!({"Host": "alpha", "tags": ["HOSTED", 70], "other": null})]);
        let matches = content.containing("host").unwrap();
        assert_eq!(found(&matches), [(1, "$['Host']", "\"alpha\""), (1, "$['tags'][0]", "\"HOSTED\"")]);
        assert_eq!(content.containing("70").unwrap().total, 1);
    }

    #[test]
    fn a_hostile_path_stops_when_its_budget_is_spent() {
        let rows: Vec<_> = (0..3_000).map(|id| json!({"id": id, "nested": [[id], {"a": "b"}]})).collect();
        let content = content(&[json!({ "items": rows })]);
        for path in
            ["$..[?count($..*) > 1]", "$..[?$..[?$..[?@]]]", "$..*..*..*..*", "$..[?search(@, '(a|b)*c{1,500}')]"]
        {
            let begun = Instant::now();
            let matches = content.at_path(path).unwrap();
            assert!(matches.is_cut, "{path}");
            assert!(matches.shown.len() <= MOST, "{path}");
            assert!(begun.elapsed() < Duration::from_secs(20), "{path} took {:?}", begun.elapsed());
        }
    }

    #[test]
    fn long_values_are_cut() {
        let content = content(&[json!(["ä".repeat(10_000)])]);
        let matches = content.at_path("$[0]").unwrap();
        assert!(matches.shown[0].json.ends_with('…') && matches.shown[0].json.len() <= LONGEST_MATCH + 3);
    }
}
