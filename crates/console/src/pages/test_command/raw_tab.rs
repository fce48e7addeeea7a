//! The Raw Data tab: a page of the product's replies as a folded tree, a search, and a JSONPath.

use soar_host::results::{ContentError, Match, Matches, QueryError, ResultContent};

use super::tree::{Line, lines};
use crate::parts::{Cell, Column, Empty, Row, Table, beginning};
use crate::visit::ListState;

/// The longest reply that is shown as a tree, in bytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// The most matches whose values are shown whole.
const WHOLE: usize = 20;

/// The number of characters that are shown of a value beside many others.
const BEGINNING: usize = 200;

/// The Raw Data tab.
#[derive(Debug)]
pub(super) struct RawTab {
    pub(super) path: String,
    pub(super) find: String,
    /// The problem of the JSONPath.
    pub(super) problem: Option<String>,
    pub(super) matches: Option<Table>,
    pub(super) is_cut: bool,
    pub(super) lines: Vec<Line>,
    /// Why there is no tree.
    pub(super) no_tree: Option<String>,
    pub(super) number: usize,
    pub(super) count: usize,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

/// The tab of the address. Blocks the thread.
pub(super) fn raw_tab(content: &ResultContent, list: &ListState) -> Result<RawTab, ContentError> {
    let text = |name| list.filter(name).unwrap_or_default().to_owned();
    let (path, find) = (text("path"), text("find"));
    let found = match (path.is_empty(), find.is_empty()) {
        (false, _) => Some(content.at_path(&path)),
        (true, false) => Some(content.containing(&find)),
        (true, true) => None,
    };
    let (matches, problem) = match found {
        None => (None, None),
        Some(Ok(matches)) => (Some(matches), None),
        Some(Err(QueryError::Content(error))) => return Err(error),
        Some(Err(error)) => (None, Some(error.to_string())),
    };
    let count = content.raw_count();
    let number = list.filter("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).clamp(1, count.max(1));
    let (lines, no_tree) = match content.raw(number - 1)? {
        // The matches stand in place of the tree.
        _ if matches.is_some() => (Vec::new(), None),
        None => (Vec::new(), Some("The command has no raw data.".to_owned())),
        Some(raw) if raw.len() > LONGEST => {
            let text = format!("This reply has {} bytes, which is too long for a tree. Use a JSONPath.", raw.len());
            (Vec::new(), Some(text))
        }
        Some(raw) => (lines(&serde_json::from_str(&raw)?), None),
    };
    Ok(RawTab {
        path,
        find,
        problem,
        is_cut: matches.as_ref().is_some_and(|matches| matches.is_cut),
        matches: matches.map(|matches| table(&matches)),
        lines,
        no_tree,
        number,
        count,
        previous: (number > 1).then(|| list.with("page", Some(&(number - 1).to_string()))),
        next: (number < count).then(|| list.with("page", Some(&(number + 1).to_string()))),
    })
}

fn table(matches: &Matches) -> Table {
    // A page of many long values would be large.
    let is_long = matches.shown.len() > WHOLE;
    let value = |one: &Match| match beginning(&one.json, BEGINNING) {
        // A narrower JSONPath shows the whole value.
        Some(cut) if is_long => Cell::text(&format!("{cut}…")),
        _ => Cell::text(&one.json),
    };
    let row = |one: &Match| Row::new([Cell::number(one.page), Cell::text(&one.path), value(one)]);
    let empty = if matches.is_cut { "Nothing matches in the part that was read." } else { "Nothing matches." };
    let columns = [Column::number("page", "Page"), Column::text("path", "Path"), Column::text("value", "Value")];
    let caption = match matches.total {
        total if total > matches.shown.len() => format!("Matches: the first {} of {total}", matches.shown.len()),
        total => format!("Matches: {total}"),
    };
    Table::new("matches", caption, columns).rows(matches.shown.iter().map(row)).empty(Empty::new(empty))
}
