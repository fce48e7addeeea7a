//! How a command fails: the documented Error tab, and beside it what a program and a person need to act.

use std::fmt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::name::steers;

/// The Status Code part of an Error tab: an HTTP status, or `N/A` where no HTTP answer exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusCode(pub Option<u16>);

impl fmt::Display for StatusCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => write!(formatter, "{status}"),
            None => formatter.write_str("N/A"),
        }
    }
}

impl Serialize for StatusCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A failed command. `Display` gives exactly the three documented lines of the Error tab.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[error("{failure_indicator}\nStatus Code: {status_code}.\nMessage: {message}")]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// The failed command, such as `List Devices failed.`
    pub failure_indicator: String,
    /// The product's HTTP status, or `N/A`.
    #[schemars(with = "String")]
    pub status_code: StatusCode,
    /// The product's own words, or else a description of the failure; one sentence that ends with a full stop.
    pub message: String,
    /// The stable code for programs, in kebab-case, such as `device-not-supported`.
    pub code: String,
    /// The cause of the error.
    pub cause: String,
    /// The cure of the error.
    pub cure: String,
    /// Whether the same call may succeed later with nothing changed.
    pub retryable: bool,
}

/// `text` as one sentence: no line breaks, no control characters, a full stop at its end.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + 1);
    for word in text.split(|c: char| c.is_whitespace() || steers(c)) {
        if !word.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    if !words.ends_with(['.', '!', '?']) {
        words.push('.');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_exactly_the_three_documented_lines() {
        let error = CommandError {
            failure_indicator: "List Devices failed.".into(),
            status_code: StatusCode(Some(401)),
            message: "Unauthorized.".into(),
            code: "not-permitted".into(),
            cause: "cause".into(),
            cure: "cure".into(),
            retryable: false,
        };
        assert_eq!(error.to_string(), "List Devices failed.\nStatus Code: 401.\nMessage: Unauthorized.");
    }

    #[test]
    fn a_missing_status_reads_not_available() {
        assert_eq!(StatusCode(None).to_string(), "N/A");
    }

    #[test]
    fn a_sentence_is_one_line_with_one_full_stop() {
        assert_eq!(sentence("Not found"), "Not found.");
        assert_eq!(sentence("Not\r\n\tfound.\u{1b}[31m"), "Not found. [31m.");
        assert_eq!(sentence("Why?"), "Why?");
    }
}
