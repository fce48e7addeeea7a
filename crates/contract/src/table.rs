//! The result table: columns, rows of JSON values, and how a value reads in a cell.

use schemars::JsonSchema;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::manifest::Command;

/// A table whose cells are JSON values; a surface renders them with [`cell_text`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// Column headings.
    pub columns: Vec<String>,
    /// Rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// An empty table with the columns of `command`.
    #[must_use]
    pub fn new(command: Option<&Command>) -> Self {
        Self {
            columns: command
                .map(|command| command.columns.iter().map(|column| column.name.clone()).collect())
                .unwrap_or_default(),
            rows: Vec::new(),
        }
    }

    /// The rows as objects, column heading to value, in column order.
    #[must_use]
    pub fn context_data(&self) -> ContextData<'_> {
        ContextData(self)
    }
}

/// A table's rows as a JSON array of objects.
#[derive(Debug)]
pub struct ContextData<'a>(&'a Table);

impl Serialize for ContextData<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.rows.iter().map(|row| ContextRow { columns: &self.0.columns, row }))
    }
}

struct ContextRow<'a> {
    columns: &'a [String],
    row: &'a [Value],
}

impl Serialize for ContextRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, value) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column, value)?;
        }
        map.end()
    }
}

/// A value as text in a cell: nothing for null, a list's items joined by commas, objects as JSON.
#[must_use]
pub fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_read_as_a_person_writes_them() {
        assert_eq!(cell_text(&json!(null)), "");
        assert_eq!(cell_text(&json!([80, 443])), "80, 443");
        assert_eq!(cell_text(&json!({"a": 1})), r#"{"a":1}"#);
        assert_eq!(cell_text(&json!(true)), "true");
    }

    #[test]
    fn context_data_is_the_rows_as_objects_in_column_order() {
        let table = Table { columns: vec!["Z".into(), "A".into()], rows: vec![vec![json!(1), json!("x")]] };
        assert_eq!(serde_json::to_string(&table.context_data()).unwrap(), r#"[{"Z":1,"A":"x"}]"#);
    }
}
