//! A page that asks before something is done. A link with `data-dialog` shows it as a dialog.

use askama::Template;

use super::hidden::Hidden;
use crate::visit::Frame;

/// A page that asks before something is done.
#[derive(Debug, Template)]
#[template(path = "layout/confirm.html")]
pub(crate) struct ConfirmPage {
    frame: Frame,
    question: String,
    /// The address that the form is sent to.
    action: String,
    button: String,
    is_dangerous: bool,
    hidden: Vec<Hidden>,
    /// The address of the page to go back to.
    back: String,
}

impl ConfirmPage {
    /// A page that asks `question`. Its button sends a form to `action`; `back` is the page to go back to.
    pub(crate) fn new(
        frame: Frame,
        question: impl Into<String>,
        action: impl Into<String>,
        button: impl Into<String>,
        back: impl Into<String>,
    ) -> Self {
        let (question, action, button, back) = (question.into(), action.into(), button.into(), back.into());
        Self { frame, question, action, button, is_dangerous: false, hidden: Vec::new(), back }
    }

    /// The action cannot be undone.
    #[must_use]
    pub(crate) const fn dangerous(mut self) -> Self {
        self.is_dangerous = true;
        self
    }

    /// Adds a hidden field.
    #[must_use]
    pub(crate) fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push(Hidden::new(name, value));
        self
    }
}
