//! JSON as a folded tree: the lines that the template shows.

use serde_json::Value;

use crate::parts::VendorText;

/// The most lines of a tree.
const LINES: usize = 600;

/// The most members of a list or an object that are shown.
const MEMBERS: usize = 100;

/// The number of levels that are unfolded at first.
const UNFOLDED: usize = 1;

/// A line of the tree.
#[derive(Debug)]
pub(super) enum Line {
    /// A list or an object begins.
    Open { name: VendorText, summary: String, is_unfolded: bool },
    /// A list or an object ends.
    Close,
    /// A value.
    Leaf { name: VendorText, value: VendorText },
    /// Members that are left out.
    Left(String),
}

/// The lines of a document.
pub(super) fn lines(document: &Value) -> Vec<Line> {
    let mut lines = Vec::new();
    add(("$", "$"), document, 0, &mut lines);
    lines
}

/// Adds a value with its name and its path.
fn add((name, path): (&str, &str), value: &Value, depth: usize, lines: &mut Vec<Line>) {
    let shown = VendorText::new(name);
    let open = |summary: String| Line::Open { name: shown.clone(), summary, is_unfolded: depth < UNFOLDED };
    match value {
        Value::Array(items) if !items.is_empty() => {
            lines.push(open(format!("[{}]", items.len())));
            let mut shown = 0;
            for (index, item) in items.iter().enumerate().take(MEMBERS) {
                if lines.len() >= LINES {
                    break;
                }
                add((&index.to_string(), &format!("{path}[{index}]")), item, depth + 1, lines);
                shown += 1;
            }
            if shown < items.len() {
                let left = items.len() - shown;
                lines.push(Line::Left(format!("{left} more items: read them with the JSONPath {path}[{shown}:]")));
            }
            lines.push(Line::Close);
        }
        Value::Object(members) if !members.is_empty() => {
            lines.push(open(format!("{{{}}}", members.len())));
            let mut shown = 0;
            for (name, member) in members.iter().take(MEMBERS) {
                // Single values after a long list are shown all the same.
                if lines.len() >= LINES && (member.is_array() || member.is_object()) {
                    continue;
                }
                let path = format!("{path}['{}']", name.replace('\'', "\\'"));
                add((name, &path), member, depth + 1, lines);
                shown += 1;
            }
            if shown < members.len() {
                let left = members.len() - shown;
                lines.push(Line::Left(format!("{left} more members: read them with the JSONPath {path}.*")));
            }
            lines.push(Line::Close);
        }
        value => lines.push(Line::Leaf { name: shown, value: VendorText::new(&value.to_string()) }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_is_bounded_and_each_level_that_opens_closes() {
        let rows: Vec<_> = (0..5_000).map(|id| json!({"id": id, "inner": {"a": [1, 2, 3]}})).collect();
        let lines = lines(&json!({ "items": rows, "totalCount": 5_000 }));
        assert!(matches!(lines.iter().rev().nth(1), Some(Line::Leaf { .. })), "the member after the list is shown");
        assert!(lines.len() < LINES + 20, "{}", lines.len());
        let opened = lines.iter().filter(|line| matches!(line, Line::Open { .. })).count();
        let closed = lines.iter().filter(|line| matches!(line, Line::Close)).count();
        assert_eq!(opened, closed);
        assert!(lines.iter().any(|line| matches!(line, Line::Left(_))));
    }
}
