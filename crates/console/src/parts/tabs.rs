//! Tabs: links to the views of one thing.

use askama::Template;

/// A tab.
#[derive(Debug, Clone)]
struct Tab {
    text: String,
    href: String,
    is_current: bool,
}

/// Tabs. Each is a link, so they work without scripts.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/tabs.html")]
pub(crate) struct Tabs {
    label: String,
    /// The id of the region with the tabs and their content.
    region: &'static str,
    tabs: Vec<Tab>,
}

impl Tabs {
    /// Tabs named `label`. `region` is the id of the region that contains the tabs and their content.
    pub(crate) fn new(label: impl Into<String>, region: &'static str) -> Self {
        Self { label: label.into(), region, tabs: Vec::new() }
    }

    /// Adds a tab.
    #[must_use]
    pub(crate) fn tab(mut self, text: impl Into<String>, href: impl Into<String>, is_current: bool) -> Self {
        self.tabs.push(Tab { text: text.into(), href: href.into(), is_current });
        self
    }
}
