//! A hidden field of a form.

use askama::Template;

/// A hidden field of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/hidden.html")]
pub(crate) struct Hidden {
    name: String,
    value: String,
}

impl Hidden {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
