//! A panel with a form.

use askama::Template;
use soar_store::model::Version;

use super::changed;
use super::field::Field;
use super::form_errors::FormErrors;
use super::hidden::Hidden;
use super::link_button::LinkButton;
use crate::visit::{Form, Frame};

/// A panel with a form.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/form_panel.html")]
pub(crate) struct FormPanel {
    id: &'static str,
    title: String,
    text: String,
    action: String,
    csrf: String,
    errors: Option<FormErrors>,
    fields: Vec<Field>,
    hidden: Vec<Hidden>,
    button: String,
    class: &'static str,
    back: Option<LinkButton>,
}

impl FormPanel {
    /// A form that is sent to `path`, an address below the console. `id` is the id of the panel.
    pub(crate) fn new(frame: &Frame, id: &'static str, title: impl Into<String>, path: &str) -> Self {
        Self {
            id,
            title: title.into(),
            text: String::new(),
            action: format!("{}{path}", frame.base),
            csrf: frame.csrf.clone(),
            errors: None,
            fields: Vec::new(),
            hidden: Vec::new(),
            button: "Save".to_owned(),
            class: "",
            back: None,
        }
    }

    /// A text above the fields.
    #[must_use]
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The fields, with what the user typed and with what is wrong.
    #[must_use]
    pub(crate) fn fields(mut self, form: &Form, fields: impl IntoIterator<Item = Field>) -> Self {
        self.errors = Some(FormErrors::of(form));
        self.fields = fields.into_iter().map(|field| field.of(form)).collect();
        self
    }

    /// As [`FormPanel::fields`], of a form that changes what is stored. [`was_changed_meanwhile`] finds out whether
    /// somebody else changed it first.
    ///
    /// [`was_changed_meanwhile`]: super::was_changed_meanwhile
    #[must_use]
    pub(crate) fn stored_fields(self, form: &Form, fields: Vec<Field>) -> Self {
        let opened_with = changed::digest(&fields);
        self.fields(form, fields).hidden(changed::OPENED_WITH, opened_with)
    }

    /// Adds the version that the form is based on: the one that the user read. After a conflict the user has seen the
    /// stored version, and may replace it.
    #[must_use]
    pub(crate) fn version(self, form: &Form, stored: Version, is_conflict: bool) -> Self {
        let read = changed::version_of(form).filter(|_| !is_conflict);
        self.hidden(changed::VERSION, read.unwrap_or(stored).to_string())
    }

    /// Adds a hidden field.
    #[must_use]
    pub(crate) fn hidden(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push(Hidden::new(name, value));
        self
    }

    /// Adds a hidden field.
    #[must_use]
    pub(crate) fn with_hidden(mut self, hidden: Hidden) -> Self {
        self.hidden.push(hidden);
        self
    }

    /// The form cannot be sent.
    #[must_use]
    pub(crate) fn without_button(mut self) -> Self {
        self.button.clear();
        self
    }

    /// The text of the button.
    #[must_use]
    pub(crate) fn button(mut self, text: impl Into<String>) -> Self {
        self.button = text.into();
        self
    }

    /// The button is less important than others.
    #[must_use]
    pub(crate) const fn plain(mut self) -> Self {
        self.class = "plain";
        self
    }

    /// The effect of the form cannot be undone.
    #[must_use]
    pub(crate) const fn danger(mut self) -> Self {
        self.class = "danger";
        self
    }

    /// Adds a link that leads back without sending the form.
    #[must_use]
    pub(crate) fn back(mut self, href: impl Into<String>) -> Self {
        self.back = Some(LinkButton::new(href, "Cancel").plain());
        self
    }
}
