//! What stands in place of an empty list, with what to do about it.

use askama::Template;

/// What stands in place of an empty list.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/empty.html")]
pub(crate) struct Empty {
    text: String,
    /// The address and the text of the link to what fills the list.
    action: Option<(String, String)>,
}

impl Empty {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), action: None }
    }

    /// Adds a link to what fills the list.
    #[must_use]
    pub(crate) fn action(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.action = Some((href.into(), text.into()));
        self
    }
}
