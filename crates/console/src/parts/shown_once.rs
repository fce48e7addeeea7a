//! A secret that is shown only once, such as a new key.

use askama::Template;

/// A secret that is shown only once.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/shown_once.html")]
pub(crate) struct ShownOnce {
    title: String,
    text: String,
    secret: String,
}

impl ShownOnce {
    /// A panel with the secret. `text` says what to do with it.
    pub(crate) fn new(title: impl Into<String>, text: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), secret: secret.into() }
    }
}
