//! The text in place of an empty list, with what to do about it.

use askama::Template;

use crate::visit::ListState;

/// The parameters of a list's address that leave no row out.
const NO_FILTERS: [&str; 4] = ["sort", "column", "from", "group"];

/// The text in place of an empty list.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/empty.html")]
pub(crate) struct Empty {
    text: String,
    /// The address and the text of the link to what fills the list.
    action: Option<(String, String)>,
}

impl Empty {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), action: None }
    }

    /// The text of a list: `unmatched` if it has a filter, else `none`.
    pub(crate) fn of(list: &ListState, unmatched: &str, none: &str) -> Self {
        let is_filter =
            |(name, value): &(String, String)| !NO_FILTERS.contains(&name.as_str()) && !value.trim().is_empty();
        Self::new(if list.parameters().iter().any(is_filter) { unmatched } else { none })
    }

    /// Adds a link to what fills the list.
    #[must_use]
    pub(crate) fn action(mut self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.action = Some((href.into(), text.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_without_a_filter_does_not_speak_of_one() {
        let text =
            |query: &str| Empty::of(&ListState::of("/console/things", query), "No match.", "None yet.").to_string();
        for query in ["", "q=&site=", "sort=-name&column=name&from=3"] {
            assert!(text(query).contains("None yet."), "{query}");
        }
        assert!(text("q=acme").contains("No match."));
    }
}
