//! The problem of a form as a whole, above its fields.

use askama::Template;

use crate::visit::Form;

/// The problem of a form as a whole.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/form_errors.html")]
pub(crate) struct FormErrors {
    problem: Option<String>,
}

impl FormErrors {
    pub(crate) fn of(form: &Form) -> Self {
        Self { problem: form.problem().map(str::to_owned) }
    }
}
