//! One reply of a product, split into rows that stay the product's own bytes.

use std::ops::Range;

use serde_json::value::RawValue;

/// One reply body and where its rows are in it. Rows are JSON texts, byte for byte as they came.
#[derive(Debug, Clone)]
pub struct ReplyPage {
    body: String,
    rows: Vec<Range<usize>>,
    shown_raw: bool,
}

impl ReplyPage {
    /// A page of `body` with rows at the given byte ranges.
    ///
    /// Ranges that are not inside `body` on character boundaries are dropped, so that reading a row cannot panic.
    #[must_use]
    pub fn new(body: String, mut rows: Vec<Range<usize>>) -> Self {
        rows.retain(|range| body.get(range.clone()).is_some());
        Self { body, rows, shown_raw: true }
    }

    /// A page of rows that the connector made itself, as Test Connection does of replies that carry tokens.
    ///
    /// It counts as table, not as raw data: raw data is the product's own.
    #[must_use]
    pub fn derived(rows: &[serde_json::Value]) -> Self {
        let mut body = String::new();
        let rows = rows
            .iter()
            .map(|row| {
                let start = body.len();
                body.push_str(&row.to_string());
                start..body.len()
            })
            .collect();
        Self { body, rows, shown_raw: false }
    }

    /// A page of rows that the connector put together from the product's own texts, as a JSON array.
    ///
    /// Each text is one row, valid JSON. It counts as raw data too.
    #[must_use]
    pub fn of_rows<T: AsRef<str>>(rows: impl IntoIterator<Item = T>) -> Self {
        let mut body = String::from("[");
        let mut ranges = Vec::new();
        for row in rows {
            if !ranges.is_empty() {
                body.push(',');
            }
            let start = body.len();
            body.push_str(row.as_ref());
            ranges.push(start..body.len());
        }
        body.push(']');
        Self { body, rows: ranges, shown_raw: true }
    }

    /// The same page with the rows that `keep` accepts; the body stays whole.
    #[must_use]
    pub fn retain(mut self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let body = &self.body;
        self.rows.retain(|range| keep(&body[range.clone()]));
        self
    }

    /// The whole reply body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the page has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows' JSON texts, in order.
    pub fn rows(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|range| &self.body[range.clone()])
    }

    /// The body as raw JSON; `None` for an empty body and for rows that the connector made itself.
    #[must_use]
    pub fn into_raw(self) -> Option<Box<RawValue>> {
        self.shown_raw.then_some(self.body).and_then(|body| RawValue::from_string(body).ok())
    }
}
