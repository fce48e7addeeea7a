//! Counts: the number of things in each state, each as a badge.

use askama::Template;

use super::badge::Badge;

/// The number of things in a state.
#[derive(Debug, Clone)]
struct Count {
    badge: Badge,
    count: String,
    /// The address of these things.
    href: Option<String>,
}

/// The number of things in each state.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/counts.html")]
pub(crate) struct Counts {
    id: &'static str,
    label: String,
    counts: Vec<Count>,
    /// Whether the label is shown.
    is_titled: bool,
    live: &'static str,
}

impl Counts {
    /// Counts named `label`. `id` is the id of the region.
    pub(crate) fn new(id: &'static str, label: impl Into<String>) -> Self {
        Self { id, label: label.into(), counts: Vec::new(), is_titled: false, live: "" }
    }

    /// Shows the label above the counts.
    #[must_use]
    pub(crate) const fn titled(mut self) -> Self {
        self.is_titled = true;
        self
    }

    /// Adds a count.
    #[must_use]
    pub(crate) fn count(mut self, badge: Badge, count: impl std::fmt::Display) -> Self {
        self.counts.push(Count { badge, count: count.to_string(), href: None });
        self
    }

    /// Adds a count whose badge leads to the counted things.
    #[must_use]
    pub(crate) fn linked(mut self, badge: Badge, count: impl std::fmt::Display, href: impl Into<String>) -> Self {
        self.counts.push(Count { badge, count: count.to_string(), href: Some(href.into()) });
        self
    }

    /// Loads the counts again at events of these topics.
    #[must_use]
    pub(crate) const fn live(mut self, topics: &'static str) -> Self {
        self.live = topics;
        self
    }

    /// Whether there is nothing to count.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
