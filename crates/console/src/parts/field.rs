//! A field of a form, with its label, its help and what is wrong with it.

use askama::Template;

use super::lines::with_line_feeds;
use crate::visit::{Form, SECRET};

/// The kind of a field.
#[derive(Debug, Clone)]
enum Kind {
    Text,
    /// A text of several lines.
    Lines,
    Secret,
    /// A day.
    Date,
    Number {
        least: Option<i64>,
        most: Option<i64>,
    },
    Choice(Vec<Choice>),
    /// Any number of choices.
    Choices(Vec<Choice>),
    Checkbox {
        is_checked: bool,
    },
}

/// A choice of a field.
#[derive(Debug, Clone)]
struct Choice {
    value: String,
    text: String,
    /// Whether the user chose it. Only for [`Kind::Choices`].
    is_chosen: bool,
}

impl Choice {
    fn all<V: Into<String>, T: Into<String>>(choices: impl IntoIterator<Item = (V, T)>) -> Vec<Self> {
        let choice = |(value, text): (V, T)| Self { value: value.into(), text: text.into(), is_chosen: false };
        choices.into_iter().map(choice).collect()
    }
}

/// A field of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/field.html")]
pub(crate) struct Field {
    name: String,
    label: String,
    kind: Kind,
    value: String,
    help: String,
    error: String,
    suggestions: Vec<String>,
    placeholder: String,
    autocomplete: &'static str,
    is_required: bool,
    is_focused: bool,
}

impl Field {
    fn new(name: impl Into<String>, label: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            value: String::new(),
            help: String::new(),
            error: String::new(),
            suggestions: Vec::new(),
            placeholder: String::new(),
            autocomplete: "off",
            is_required: false,
            is_focused: false,
        }
    }

    /// A line of text.
    pub(crate) fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Text)
    }

    /// A text of several lines.
    pub(crate) fn lines(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Lines)
    }

    /// A secret, which is never shown again. [`Form::secret`] reads it by the same name.
    pub(crate) fn secret(name: &str, label: impl Into<String>) -> Self {
        Self::new(format!("{SECRET}{name}"), label, Kind::Secret)
    }

    /// A day, as `2026-11-27`.
    pub(crate) fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Date)
    }

    /// A whole number within bounds.
    pub(crate) fn number(
        name: impl Into<String>,
        label: impl Into<String>,
        least: impl Into<Option<i64>>,
        most: impl Into<Option<i64>>,
    ) -> Self {
        Self::new(name, label, Kind::Number { least: least.into(), most: most.into() })
    }

    /// One of several choices, each with its value and its text.
    pub(crate) fn choice<V: Into<String>, T: Into<String>>(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        Self::new(name, label, Kind::Choice(Choice::all(choices)))
    }

    /// Any number of choices, each with its value and its text. Each has a checkbox. [`Form::all`] reads the
    /// chosen values.
    pub(crate) fn choices<V: Into<String>, T: Into<String>>(
        name: impl Into<String>,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (V, T)>,
    ) -> Self {
        Self::new(name, label, Kind::Choices(Choice::all(choices)))
    }

    /// A checkbox.
    pub(crate) fn checkbox(name: impl Into<String>, label: impl Into<String>, is_checked: bool) -> Self {
        Self::new(name, label, Kind::Checkbox { is_checked })
    }

    /// The value before the user types another.
    #[must_use]
    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.set(value.into());
        self
    }

    /// Sets the value. One line would lose the line breaks of a text.
    fn set(&mut self, value: String) {
        if matches!(self.kind, Kind::Text) && value.contains(['\n', '\r']) {
            self.kind = Kind::Lines;
        }
        self.value = value;
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// An example of a value.
    #[must_use]
    pub(crate) fn placeholder(mut self, example: impl Into<String>) -> Self {
        self.placeholder = example.into();
        self
    }

    /// Values that the browser suggests.
    #[must_use]
    pub(crate) fn suggestions(mut self, values: impl IntoIterator<Item = String>) -> Self {
        self.suggestions = values.into_iter().collect();
        self
    }

    #[must_use]
    pub(crate) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The value of the attribute `autocomplete`.
    #[must_use]
    pub(crate) const fn autocomplete(mut self, value: &'static str) -> Self {
        self.autocomplete = value;
        self
    }

    /// Gives the field the focus when the page loads, unless another field has a problem.
    #[must_use]
    pub(crate) const fn focused(mut self) -> Self {
        self.is_focused = true;
        self
    }

    /// The field with what the user typed, and with what is wrong with it.
    #[must_use]
    pub(crate) fn of(mut self, form: &Form) -> Self {
        let name = self.name.strip_prefix(SECRET).unwrap_or(&self.name);
        self.error = form.problem_at(name).unwrap_or_default().to_owned();
        if form.is_wrong() {
            self.is_focused = form.is_first_problem(name) || (self.is_focused && form.problem().is_none());
        }
        if !form.is_sent() {
            return self;
        }
        match &mut self.kind {
            Kind::Secret => {}
            Kind::Checkbox { is_checked } => *is_checked = form.is_checked(&self.name),
            Kind::Choices(choices) => {
                for choice in choices {
                    choice.is_chosen = form.all(&self.name).any(|value| value == choice.value);
                }
            }
            _ => {
                if let Some(given) = form.given(&self.name) {
                    self.set(given.to_owned());
                }
            }
        }
        self
    }

    /// The name of the field in the form.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value as text, with line breaks as the host stores them.
    pub(super) fn current(&self) -> String {
        match &self.kind {
            Kind::Checkbox { is_checked } => if *is_checked { "Yes" } else { "No" }.to_owned(),
            Kind::Choices(choices) => {
                let chosen = choices.iter().filter(|choice| choice.is_chosen);
                chosen.map(|choice| choice.text.as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => with_line_feeds(&self.value),
        }
    }

    /// The label.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The value as the user sees it: of a choice its text.
    pub(super) fn shown(&self) -> String {
        let chosen = match &self.kind {
            Kind::Choice(choices) => choices.iter().find(|choice| choice.value == self.value),
            _ => None,
        };
        chosen.map_or_else(|| self.current(), |choice| choice.text.clone())
    }

    /// The problem of the field. Empty if there is none.
    pub(crate) fn error(&self) -> &str {
        &self.error
    }

    /// The problem of the field, with its label.
    pub(crate) fn labelled_error(&self) -> Option<String> {
        (!self.error.is_empty()).then(|| format!("{}: {}", self.label, self.error))
    }

    /// Whether it has no value.
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// The ids of the texts that describe the field.
    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.error.is_empty() {
            ids.push(format!("{}-error", self.name));
        }
        if !self.help.is_empty() {
            ids.push(format!("{}-help", self.name));
        }
        ids.join(" ")
    }
}
