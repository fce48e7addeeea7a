//! A table with headings, rows and what stands in place of rows.

use askama::Template;

use super::cell::Cell;
use super::empty::Empty;

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    title: String,
    is_number: bool,
    is_wide: bool,
}

impl Column {
    pub(crate) fn text(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_number: false, is_wide: false }
    }

    /// A column of numbers, aligned to the right.
    pub(crate) fn number(title: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::text(title) }
    }

    /// The column is hidden on a narrow screen.
    #[must_use]
    pub(crate) const fn wide(mut self) -> Self {
        self.is_wide = true;
        self
    }

    fn class(&self) -> &'static str {
        match (self.is_number, self.is_wide) {
            (false, false) => "",
            (true, false) => "number",
            (false, true) => "wide",
            (true, true) => "number wide",
        }
    }
}

/// A row of a table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    cells: Vec<Cell>,
}

impl Row {
    pub(crate) fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect() }
    }
}

/// A table. `id` is the id of its region.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/table.html")]
pub(crate) struct Table {
    id: &'static str,
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: Empty,
}

impl Table {
    pub(crate) fn new(id: &'static str, caption: impl Into<String>, columns: impl IntoIterator<Item = Column>) -> Self {
        let columns = columns.into_iter().collect();
        Self { id, caption: caption.into(), columns, rows: Vec::new(), empty: Empty::new("There is nothing here.") }
    }

    #[must_use]
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows = rows.into_iter().collect();
        self
    }

    /// What stands in place of rows if there are none.
    #[must_use]
    pub(crate) fn empty(mut self, empty: Empty) -> Self {
        self.empty = empty;
        self
    }
}
