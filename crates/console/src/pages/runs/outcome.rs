//! The stored part of a run's outcome: its rows and its key fields.

use serde_json::{Map, Value};
use soar_connector::cell_text;

use crate::parts::{Cell, Column, Facts, Row, Table};

/// The most rows that the page shows.
const ROWS: usize = 100;

/// The most columns that the page shows.
const COLUMNS: usize = 12;

/// The most values of a key field that the page shows.
const VALUES: usize = 100;

/// The stored rows. `None` if the run has none.
pub(super) fn result(outcome: &Value) -> Option<Table> {
    let rows: Vec<_> = outcome.get("contextData")?.as_array()?.iter().filter_map(Value::as_object).collect();
    let names: Vec<&String> = rows.first()?.keys().take(COLUMNS).collect();
    let cell = |row: &Map<String, Value>, name: &str| match row.get(name) {
        None | Some(Value::Null) => Cell::unknown(),
        Some(value) => Cell::text(&cell_text(value)),
    };
    let shown = rows.iter().take(ROWS).map(|row| Row::new(names.iter().map(|name| cell(row, name))));
    let title = match rows.len() {
        count if count > ROWS => format!("Result: {ROWS} of {count} rows"),
        _ => "Result".to_owned(),
    };
    let columns = names.iter().zip(0..).map(|(name, at)| Column::text(format!("c{at}"), name.as_str()));
    Some(Table::new("result", title, columns).rows(shown))
}

/// The stored key fields. `None` if no key field has a value.
pub(super) fn key_fields(outcome: &Value) -> Option<Facts> {
    let fields = outcome.get("keyFields")?.as_array()?;
    let mut found = None;
    for field in fields {
        let (name, values) = (field.get("name")?.as_str()?, field.get("values")?.as_array()?);
        if values.is_empty() {
            continue;
        }
        let mut text = values.iter().take(VALUES).map(cell_text).collect::<Vec<_>>().join(", ");
        if values.len() > VALUES {
            text.push_str(&format!(" and {} more", values.len() - VALUES));
        }
        let facts = found.unwrap_or_else(|| Facts::new("key-fields", "Key fields"));
        found = Some(facts.fact(name, Cell::text(&text)));
    }
    found
}
