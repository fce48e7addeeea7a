//! A link that looks like a button.

use askama::Template;

/// A link that looks like a button.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/link_button.html")]
pub(crate) struct LinkButton {
    href: String,
    text: String,
    class: &'static str,
    is_dialog: bool,
}

impl LinkButton {
    pub(crate) fn new(href: impl Into<String>, text: impl Into<String>) -> Self {
        Self { href: href.into(), text: text.into(), class: "", is_dialog: false }
    }

    /// The link is less important than others.
    #[must_use]
    pub(crate) const fn plain(mut self) -> Self {
        self.class = " plain";
        self
    }

    /// The action behind the link cannot be undone.
    #[must_use]
    pub(crate) const fn danger(mut self) -> Self {
        self.class = " danger";
        self
    }

    /// The linked page opens as a dialog.
    #[must_use]
    pub(crate) const fn dialog(mut self) -> Self {
        self.is_dialog = true;
        self
    }
}
