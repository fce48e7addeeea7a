//! The result of a command on many incidents, with a row per item.

use serde_json::{Map, Value};
use soar_connector::cell_text;
use soar_host::utility::{Answer, CommandResult, Rows};

use super::bulk_command::Bulk;
use crate::pages::incident_parts::address;
use crate::parts::{Badge, Cell, Column, ContentPage, Facts, LinkButton, Meaning, Row, Table};
use crate::visit::Page;

/// The most items on the page, the failed ones first.
const MOST_SHOWN: usize = 500;

/// The keys of the table's columns.
const KEYS: [&str; 8] = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"];

/// The page of a result.
pub(super) fn result(page: &Page, bulk: &Bulk, answer: &Answer) -> ContentPage {
    let meaning = match answer.return_data {
        CommandResult::Successful => Meaning::Good,
        CommandResult::PartiallySuccessful => Meaning::Warning,
        CommandResult::Failed => Meaning::Bad,
    };
    let mut facts =
        Facts::new("result", "Result").fact("Result", Cell::badge(Badge::new(answer.return_data.as_str(), meaning)));
    if !answer.error.is_empty() {
        facts = facts.fact("Error", Cell::text(&answer.error));
    }
    if let Some(shown) = &answer.shown {
        facts = facts.fact("Return data", Cell::text(&cell_text(shown)));
    }
    let rows = answer.context_data.as_ref().map(Rows::values).unwrap_or_default();
    let back = LinkButton::new(page.href("/incidents"), "Back to the incidents");
    ContentPage::new(bulk.frame(page)).action(back).with(facts).with_some(items(page, &rows))
}

fn items(page: &Page, rows: &[Value]) -> Option<Table> {
    let mut rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    // First the subject, then the content, then the result.
    names.sort_by_key(|name| match *name {
        name if name.ends_with(" Number") => 0,
        "Result" => 2,
        "Error Message" => 3,
        _ => 1,
    });
    names.truncate(KEYS.len());
    let has_failed = |row: &Map<String, Value>| row.get("Result").is_some_and(|result| result == "Failed");
    rows.sort_by_key(|row| !has_failed(row));
    let more = rows.len().saturating_sub(MOST_SHOWN);
    let cell = |row: &Map<String, Value>, name: &str| {
        let text = row.get(name).map(cell_text).unwrap_or_default();
        match (name, text.as_str()) {
            (_, "") => Cell::unknown(),
            ("Incident Number", number) => Cell::link(page.href(&address(number)), number),
            ("Result", "Successful") => Cell::badge(Badge::new(text, Meaning::Good)),
            ("Result", _) => Cell::badge(Badge::new(text, Meaning::Bad)),
            (_, text) => Cell::text(text),
        }
    };
    let shown = rows.iter().take(MOST_SHOWN).map(|row| Row::new(names.iter().map(|name| cell(row, name))));
    let columns = KEYS.iter().zip(&names).map(|(key, name)| Column::text(*key, *name));
    let caption = if more == 0 { "Items".to_owned() } else { format!("Items ({more} more are not shown)") };
    (!rows.is_empty()).then(|| Table::new("items", caption, columns).rows(shown))
}
