//! The filter above a list: a form whose fields are parameters of the address.

use askama::Template;

use super::field::Field;
use super::hidden::Hidden;
use crate::visit::ListState;

/// The filter above a list.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/filter.html")]
pub(crate) struct Filter {
    action: String,
    fields: Vec<Field>,
    /// The parameters to pass on.
    hidden: Vec<Hidden>,
    /// Whether a field has a value.
    is_used: bool,
    /// The address without the filter.
    cleared: String,
    /// The addresses of exports of all rows, with the name of each format.
    exports: Vec<(String, &'static str)>,
}

impl Filter {
    /// A filter with these fields. The name of each field is a parameter of the address.
    pub(crate) fn new(list: &ListState, fields: impl IntoIterator<Item = Field>) -> Self {
        let fields: Vec<Field> = fields.into_iter().collect();
        let is_field = |name: &str| fields.iter().any(|field| field.name() == name);
        let hidden = list.parameters().iter().filter(|(name, _)| name != "from" && !is_field(name));
        let changes: Vec<(&str, Option<&str>)> = fields.iter().map(|field| (field.name(), None)).collect();
        Self {
            action: list.path().to_owned(),
            hidden: hidden.map(|(name, value)| Hidden::new(name, value)).collect(),
            is_used: fields.iter().any(|field| list.filter(field.name()).is_some()),
            cleared: list.changed(&changes),
            fields: fields
                .iter()
                .map(|field| field.clone().value(list.filter(field.name()).unwrap_or_default()))
                .collect(),
            exports: Vec::new(),
        }
    }

    /// Adds a link that exports all rows of the list as CSV.
    #[must_use]
    pub(crate) fn with_export(mut self, list: &ListState) -> Self {
        self.exports.push((list.export("csv"), "Export as CSV"));
        self
    }

    /// Adds a link that exports all rows of the list as one JSON object per line.
    #[must_use]
    pub(crate) fn with_ndjson(mut self, list: &ListState) -> Self {
        self.exports.push((list.export("ndjson"), "NDJSON"));
        self
    }

    /// The value of a field that the address does not give.
    #[must_use]
    pub(crate) fn with_default(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name() == name && field.is_empty()) {
            *field = field.clone().value(value);
        }
        self
    }
}
