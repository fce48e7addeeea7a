//! The state of a list in its page's address: filters, order, columns, position.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::PageError;

/// The parameter with the key of the column that the rows are ordered by; with `-` before it for descending order.
const SORT: &str = "sort";

/// The parameter with the key of a column to show. Given once per column.
const COLUMN: &str = "column";

/// The parameter with the position of a page of rows.
const POSITION: &str = "from";

/// The characters that stay as they are in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// The order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order<'a> {
    /// The key of the column.
    pub(crate) column: &'a str,
    pub(crate) is_descending: bool,
}

/// The state of a list in its page's address.
#[derive(Debug, Clone)]
pub(crate) struct ListState {
    /// The address of the page without its query.
    path: String,
    parameters: Vec<(String, String)>,
}

impl ListState {
    /// The state in an address.
    pub(crate) fn of(path: impl Into<String>, query: &str) -> Self {
        Self { path: path.into(), parameters: form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    /// The address of the page without its query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// All parameters.
    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The value of a filter, if it is given and not empty.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        let given = self.parameters.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The order that the user chose.
    pub(crate) fn order(&self) -> Option<Order<'_>> {
        let text = self.filter(SORT)?;
        let column = text.strip_prefix('-');
        Some(Order { column: column.unwrap_or(text), is_descending: column.is_some() })
    }

    /// The keys of the columns that the user chose. None if the user chose none.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(|(name, _)| name == COLUMN).map(|(_, value)| value.as_str())
    }

    /// The position of the page of rows: the cursor of the operation that lists them.
    pub(crate) fn position(&self) -> Option<&str> {
        self.filter(POSITION)
    }

    /// The address with another order. It starts with the first row.
    pub(crate) fn ordered_by(&self, column: &str, is_descending: bool) -> String {
        let order = if is_descending { format!("-{column}") } else { column.to_owned() };
        self.with(SORT, Some(&order))
    }

    /// The address of the rows at this position.
    pub(crate) fn at(&self, position: &str) -> String {
        self.with(POSITION, Some(position))
    }

    /// The address of the first rows.
    pub(crate) fn first(&self) -> String {
        self.with(POSITION, None)
    }

    /// The address with another value of a parameter, or without it. It starts with the first row.
    pub(crate) fn with(&self, name: &str, value: Option<&str>) -> String {
        self.changed(&[(name, value)])
    }

    /// The address with other values of these parameters, or without them. It starts with the first row.
    pub(crate) fn changed(&self, changes: &[(&str, Option<&str>)]) -> String {
        let is_kept = |given: &str| given != POSITION && changes.iter().all(|(name, _)| *name != given);
        let kept = self.parameters.iter().filter(|(given, _)| is_kept(given));
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = kept.chain(changes.iter().filter_map(|(name, value)| Some((*name, (*value)?))));
        let pairs: Vec<_> = pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// The address of all rows in a format, such as `csv`.
    pub(crate) fn export(&self, format: &str) -> String {
        let address = self.first();
        let query = address.strip_prefix(&self.path).unwrap_or_default();
        format!("{}.{format}{query}", self.path)
    }

    /// The number of rows before the shown ones, where the position is that number.
    pub(crate) fn offset(&self) -> usize {
        self.position().and_then(|position| position.parse().ok()).unwrap_or(0)
    }

    /// The filter `name`, read as a value.
    ///
    /// # Errors
    /// A text that has another form.
    pub(crate) fn read<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, PageError> {
        let Some(text) = self.filter(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| PageError::bad_address(name))
    }

    /// The parameters that a form for the choice of columns has to pass on.
    pub(crate) fn without_columns(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.parameters.iter().filter(|(name, _)| name != COLUMN && name != POSITION);
        kept.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

impl<S: Sync> FromRequestParts<S> for ListState {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri);
        Ok(Self::of(uri.path(), uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_address_keeps_the_other_parameters_and_starts_with_the_first_row() {
        let list = ListState::of("/console/runs", "site=A%26B&sort=-started&column=a&column=b&from=70");
        assert_eq!(list.filter("site"), Some("A&B"));
        assert_eq!(list.order(), Some(Order { column: "started", is_descending: true }));
        assert_eq!(list.columns().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(list.position(), Some("70"));
        assert_eq!(list.ordered_by("user", false), "/console/runs?site=A%26B&column=a&column=b&sort=user");
        assert_eq!(list.with("site", None), "/console/runs?sort=-started&column=a&column=b");
        assert_eq!(list.at("3"), "/console/runs?site=A%26B&sort=-started&column=a&column=b&from=3");
        assert_eq!(ListState::of("/x", "").with("a", None), "/x");
    }
}
