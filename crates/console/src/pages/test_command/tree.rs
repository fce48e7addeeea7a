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
    add("$", "$", document, 0, &mut lines);
    lines
}

fn add(name: &str, path: &str, value: &Value, depth: usize, lines: &mut Vec<Line>) {
    let shown = VendorText::new(name);
    let open = |summary: String| Line::Open { name: shown.clone(), summary, is_unfolded: depth < UNFOLDED };
    match value {
        Value::Array(items) if !items.is_empty() => {
            lines.push(open(format!("[{}]", items.len())));
            for (index, item) in items.iter().enumerate().take(MEMBERS) {
                if lines.len() > LINES {
                    break;
                }
                add(&index.to_string(), &format!("{path}[{index}]"), item, depth + 1, lines);
            }
            if items.len() > MEMBERS || lines.len() > LINES {
                lines.push(Line::Left(format!("More items: read them with a JSONPath such as {path}[{MEMBERS}:]")));
            }
            lines.push(Line::Close);
        }
        Value::Object(members) if !members.is_empty() => {
            lines.push(open(format!("{{{}}}", members.len())));
            for (name, member) in members.iter().take(MEMBERS) {
                if lines.len() > LINES {
                    break;
                }
                add(name, &format!("{path}['{}']", name.replace('\'', "\\'")), member, depth + 1, lines);
            }
            if members.len() > MEMBERS || lines.len() > LINES {
                lines.push(Line::Left(format!("More members: read them with a JSONPath such as {path}.*")));
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
        let lines = lines(&json!({ "items": rows }));
        assert!(lines.len() < LINES + 20, "{}", lines.len());
        let opened = lines.iter().filter(|line| matches!(line, Line::Open { .. })).count();
        let closed = lines.iter().filter(|line| matches!(line, Line::Close)).count();
        assert_eq!(opened, closed);
        assert!(lines.iter().any(|line| matches!(line, Line::Left(_))));
    }
}
