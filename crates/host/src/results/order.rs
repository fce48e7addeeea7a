//! The order of a result's rows.

use std::cmp::Ordering;

use serde_json::Value;
use soar_connector::cell_text;

/// The order of rows by one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowOrder {
    /// The index of the column.
    pub column: usize,
    /// Whether the greatest value comes first.
    pub is_descending: bool,
}

/// The value by which a row is ordered.
#[derive(Debug, PartialEq)]
pub(super) enum SortKey {
    Number(f64),
    Text(String),
    /// Rows without a value come last in both orders.
    Missing,
}

impl SortKey {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Missing,
            Value::Number(number) => number.as_f64().map_or(Self::Missing, Self::Number),
            Value::String(text) if text.is_empty() => Self::Missing,
            other => Self::Text(cell_text(other).to_lowercase()),
        }
    }

    pub(super) fn compare(&self, other: &Self, is_descending: bool) -> Ordering {
        let turned = |order: Ordering| if is_descending { order.reverse() } else { order };
        match (self, other) {
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Missing, _) => Ordering::Greater,
            (_, Self::Missing) => Ordering::Less,
            (Self::Number(one), Self::Number(other)) => turned(one.total_cmp(other)),
            (Self::Text(one), Self::Text(other)) => turned(one.cmp(other)),
            (Self::Number(_), Self::Text(_)) => turned(Ordering::Less),
            (Self::Text(_), Self::Number(_)) => turned(Ordering::Greater),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_before_texts_and_missing_values_come_last_in_both_orders() {
        let values = [json!("b"), json!(null), json!(10), json!("A"), json!(9), json!("")];
        let sorted = |is_descending| {
            let mut keys: Vec<_> = values.iter().map(|value| (SortKey::of(value), value.clone())).collect();
            keys.sort_by(|(one, _), (other, _)| one.compare(other, is_descending));
            keys.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(sorted(false), [json!(9), json!(10), json!("A"), json!("b"), json!(null), json!("")]);
        assert_eq!(sorted(true), [json!("b"), json!("A"), json!(10), json!(9), json!(null), json!("")]);
    }
}
