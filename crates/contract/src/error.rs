//! How a command fails: the documented Error tab, and beside it what a program and a person need to act.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::steers;

/// The Status Code part of an Error tab: an HTTP status, or `N/A` where no HTTP answer exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

impl<'de> Deserialize<'de> for StatusCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.parse().ok()))
    }
}

/// A failed command. `Display` gives exactly the three documented lines of the Error tab.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
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

/// The parts of an Error tab that is stored as one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorParts<'a> {
    /// The failed command, such as `List Devices failed.`
    pub failure_indicator: &'a str,
    /// The product's HTTP status, or `N/A`.
    pub status_code: &'a str,
    /// The message.
    pub message: &'a str,
}

impl<'a> ErrorParts<'a> {
    /// The parts of a text that `Display` of [`CommandError`] wrote. `None` for any other text.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        let (failure_indicator, rest) = text.split_once("\nStatus Code: ")?;
        let (status_code, message) = rest.split_once(".\nMessage: ")?;
        Some(Self { failure_indicator, status_code, message })
    }
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
        let text = error.to_string();
        assert_eq!(text, "List Devices failed.\nStatus Code: 401.\nMessage: Unauthorized.");
        let failure_indicator = "List Devices failed.";
        let parts = ErrorParts { failure_indicator, status_code: "401", message: "Unauthorized." };
        assert_eq!(ErrorParts::of(&text), Some(parts));
        let without_status = text.replace("401", "N/A");
        assert_eq!(ErrorParts::of(&without_status), Some(ErrorParts { status_code: "N/A", ..parts }));
        for other in ["It broke.", "List Devices failed.\nMessage: Unauthorized.", ""] {
            assert_eq!(ErrorParts::of(other), None, "{other}");
        }
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
