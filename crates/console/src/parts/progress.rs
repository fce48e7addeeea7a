//! How far work is.

use askama::Template;

/// A panel that says how far work is.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/progress.html")]
pub(crate) struct ProgressPanel {
    text: String,
    /// How much is done, where it is known.
    percent: Option<u8>,
}

impl ProgressPanel {
    pub(crate) fn new(text: impl Into<String>, percent: Option<u8>) -> Self {
        Self { text: text.into(), percent: percent.map(|percent| percent.min(100)) }
    }
}
