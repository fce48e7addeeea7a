//! The tabs of a successful run that show its rows: Result, Key Fields, Context Data.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use soar_connector::cell_text;
use soar_connector::manifest::{ColumnType, Command};
use soar_host::results::{ContentError, KeyValues, ResultContent, RowOrder, RowsPage};
use soar_store::model::Moment;

use crate::parts::{Cell, Column, Empty, Row, Table, When};
use crate::visit::{ListState, Order};

/// The number of rows of a page.
pub(super) const ROWS: usize = 100;

/// The most values of a key field that are shown.
pub(super) const VALUES: usize = 500;

/// The rows of the page that the address names, in its order.
pub(super) fn rows(content: &ResultContent, list: &ListState) -> Result<RowsPage, ContentError> {
    let order = list.order().and_then(|order| {
        let column = order.column.strip_prefix('c')?.parse().ok()?;
        Some(RowOrder { column, is_descending: order.is_descending })
    });
    content.rows(order, from(list), ROWS)
}

fn from(list: &ListState) -> usize {
    list.position().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The Result tab's table. Times are in the zone of the user.
pub(super) fn table(page: &RowsPage, command: &Command, list: &ListState, zone: &TimeZone, now: Moment) -> Table {
    let is_time = |index: usize| command.columns.get(index).is_some_and(|column| column.kind == ColumnType::Time);
    let time = |value: &Value| {
        let time: jiff::Timestamp = value.as_str()?.parse().ok()?;
        Some(Cell::when(When::new(Moment(time.as_millisecond()), zone, now)))
    };
    let columns = page.columns.iter().enumerate().map(|(index, title)| {
        let key = format!("c{index}");
        let is_number = |row: &Vec<Value>| matches!(row.get(index), Some(Value::Number(_) | Value::Null));
        let has_number = page.rows.iter().any(|row| matches!(row.get(index), Some(Value::Number(_))));
        if has_number && page.rows.iter().all(is_number) {
            Column::number(key, title).sortable()
        } else {
            Column::text(key, title).sortable()
        }
    });
    let rows = page.rows.iter().map(|row| {
        Row::new(row.iter().enumerate().map(|(index, value)| match value {
            Value::Null => Cell::unknown(),
            value if is_time(index) => time(value).unwrap_or_else(|| Cell::text(&cell_text(value))),
            Value::Number(number) => Cell::number(number),
            value => Cell::text(&cell_text(value)),
        }))
    });
    let table = Table::new("rows", "Result", columns).rows(rows);
    let table = table.empty(Empty::new("The command was successful, and has no rows."));
    let table = table.list(list, Order { column: "", is_descending: false });
    let start = from(list);
    let end = start + page.rows.len();
    if page.total <= ROWS {
        return table;
    }
    let next = (end < page.total).then(|| end.to_string());
    table.position(list, format!("Rows {} to {end} of {}", (start + 1).min(page.total), page.total), next)
}

/// The rows as text with tabs, for copying into a spreadsheet.
pub(super) fn text(page: &RowsPage) -> String {
    let clean = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    let line = |cells: Vec<String>| cells.join("\t");
    let mut lines = vec![line(page.columns.iter().map(|title| clean(title)).collect())];
    lines.extend(page.rows.iter().map(|row| line(row.iter().map(|value| clean(&cell_text(value))).collect())));
    lines.join("\n")
}

/// The rows as JSON objects.
pub(super) fn context_data(page: &RowsPage) -> String {
    let object = |row: &Vec<Value>| -> Value {
        page.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>().into()
    };
    serde_json::to_string_pretty(&page.rows.iter().map(object).collect::<Vec<_>>()).unwrap_or_default()
}

/// A key field with its first values.
#[derive(Debug)]
pub(super) struct KeyFieldShown {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) total: usize,
    pub(super) shown: usize,
    pub(super) values: String,
}

pub(super) fn key_fields(fields: Vec<KeyValues>) -> Vec<KeyFieldShown> {
    let shown = |(index, field): (usize, KeyValues)| KeyFieldShown {
        id: format!("key-{index}"),
        name: field.name,
        total: field.total,
        shown: field.values.len(),
        values: field.values.iter().map(cell_text).collect::<Vec<_>>().join("\n"),
    };
    fields.into_iter().enumerate().map(shown).collect()
}
