//! Facts: labels with their values.

use askama::Template;

use super::cell::Cell;

/// A panel of labels with their values.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/facts.html")]
pub(crate) struct Facts {
    id: &'static str,
    title: String,
    facts: Vec<(String, Cell)>,
}

impl Facts {
    /// A panel. `id` is the id of its region.
    pub(crate) fn new(id: &'static str, title: impl Into<String>) -> Self {
        Self { id, title: title.into(), facts: Vec::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub(crate) fn fact(mut self, label: impl Into<String>, value: Cell) -> Self {
        self.facts.push((label.into(), value));
        self
    }
}
