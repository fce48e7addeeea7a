//! A form that the user sent: its values, and what is wrong with them.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::SecretString;

use super::error::PageError;

/// The hidden field that shows that a form comes from a page of the session.
pub(crate) const CSRF: &str = "csrf";

/// The prefix of the names of fields with secrets. What they held is never shown again.
pub(crate) const SECRET: &str = "secret.";

/// The hidden field of a form that is sent again after its session ended.
pub(crate) const RESUMED: &str = "resumed";

/// The prefix of the names of the fields that the sign-in page keeps for the form that the session's end interrupted.
pub(crate) const KEPT_PREFIX: &str = "kept.";

/// The field with the address of that form.
pub(crate) const KEPT_ACTION: &str = "kept-action";

/// The values of a form, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct FormValues(Arc<Vec<(String, String)>>);

impl FormValues {
    /// Reads the body of a form.
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(Arc::new(form_urlencoded::parse(body).into_owned().collect()))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The values to send again: neither secrets nor what belongs to the session.
    pub(super) fn kept(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter().filter(|(name, _)| !name.starts_with(SECRET) && name != CSRF && name != RESUMED)
    }

    /// Whether the form had a secret, which the user has to type again.
    pub(super) fn has_secret(&self) -> bool {
        self.0.iter().any(|(name, value)| name.starts_with(SECRET) && !value.is_empty())
    }
}

/// The field that a refusal is about. `fields` has the beginnings of refusals, each with its field.
pub(crate) fn field_of<'f>(fields: &[(&str, &'f str)], refusal: &str) -> Option<&'f str> {
    fields.iter().find(|(beginning, _)| refusal.starts_with(beginning)).map(|(_, field)| *field)
}

/// A form that the user sent. Problems are collected at its fields; a form with problems is shown again.
#[derive(Debug, Default)]
pub(crate) struct Form {
    values: FormValues,
    /// The names of fields, and what is wrong with each.
    problems: Vec<(String, String)>,
    /// The problem of the form as a whole.
    problem: Option<String>,
}

impl Form {
    /// A form that was not sent yet.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// The form with another value of a field.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        let kept = self.values.0.iter().filter(|(given, _)| given != name).cloned();
        let values = kept.chain([(name.to_owned(), value.to_owned())]).collect();
        Self { values: FormValues(Arc::new(values)), ..self }
    }

    /// Whether the form was sent.
    pub(crate) fn is_sent(&self) -> bool {
        !self.values.0.is_empty()
    }

    /// The text of a field, without white space around it. Empty if the form has no such field.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_default().trim()
    }

    /// The text of a field as it was typed; `None` if the form has no such field.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name)
    }

    /// All fields with their values, in order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &(String, String)> {
        self.values.0.iter()
    }

    /// The values to send again in hidden fields: neither secrets nor what belongs to the session.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &(String, String)> {
        self.values.kept()
    }

    /// All values of a field, such as of several checkboxes.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The items of a field: the chosen ones, or the typed ones with one item per line. An item may contain commas, as
    /// names do.
    pub(crate) fn items(&self, name: &str) -> Vec<String> {
        let lines = self.all(name).flat_map(|text| text.split(['\n', '\r'])).map(str::trim);
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Whether a checkbox is checked.
    pub(crate) fn is_checked(&self, name: &str) -> bool {
        self.values.get(name).is_some()
    }

    /// The secret of a field, as it was typed. `name` is the name without the prefix.
    pub(crate) fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.values.get(&format!("{SECRET}{name}")).unwrap_or_default())
    }

    /// Notes what is wrong with a field.
    pub(crate) fn wrong(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push((name.to_owned(), problem.into()));
    }

    /// Notes what is wrong with the form as a whole.
    pub(crate) fn refuse(&mut self, problem: impl Into<String>) {
        self.problem = Some(problem.into());
    }

    /// The text of a field that must not be empty.
    pub(crate) fn required(&mut self, name: &str, label: &str) -> String {
        let text = self.text(name).to_owned();
        if text.is_empty() {
            self.wrong(name, format!("{label} is required."));
        }
        text
    }

    /// The problem of a field.
    pub(crate) fn problem_at(&self, name: &str) -> Option<&str> {
        self.problems.iter().find(|(given, _)| given == name).map(|(_, problem)| problem.as_str())
    }

    /// Whether `name` is the first field with a problem. It gets the focus.
    pub(crate) fn is_first_problem(&self, name: &str) -> bool {
        self.problems.first().is_some_and(|(given, _)| given == name)
    }

    /// The problem of the form as a whole.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether the form has to be shown again.
    pub(crate) fn is_wrong(&self) -> bool {
        self.problem.is_some() || !self.problems.is_empty()
    }
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let values = parts.extensions.get::<FormValues>().cloned().unwrap_or_default();
        let resumed = values.get(RESUMED).is_some();
        let problem = resumed.then(|| "Check your input and send it again. Secrets have to be typed again.".to_owned());
        Ok(Self { values, problems: Vec::new(), problem })
    }
}
