//! Reads rules from a file or standard input.

use std::fs;
use std::io::Read as _;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

use crate::exit::WrongUse;

/// The most bytes of a file.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads JSON from a file, or from standard input for `-`. An error names the member.
///
/// # Errors
/// [`WrongUse`] when the file cannot be read, or has something else in it.
pub(super) fn read<T: DeserializeOwned>(path: &str) -> Result<T> {
    parse(path, &text_of(path)?)
}

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// [`WrongUse`] when the file cannot be read.
pub(super) fn text_of(path: &str) -> Result<String> {
    let mut text = String::new();
    if path == "-" {
        std::io::stdin().take(LARGEST).read_to_string(&mut text).context("Standard input cannot be read")?;
    } else {
        let file =
            fs::File::open(path).map_err(|error| WrongUse(format!("The file {path} cannot be read: {error}.")))?;
        let read = file.take(LARGEST).read_to_string(&mut text);
        read.map_err(|error| WrongUse(format!("The file {path} cannot be read: {error}.")))?;
    }
    Ok(text)
}

/// Reads JSON from the text of a file.
///
/// # Errors
/// [`WrongUse`] with the member, and what was expected.
pub(super) fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let member = match error.path().to_string() {
            top if top == "." => String::new(),
            member => format!("{member}: "),
        };
        (member, error.into_inner())
    });
    let read = read.and_then(|value| reader.end().map(|()| value).map_err(|error| (String::new(), error)));
    Ok(read.map_err(|(member, error)| {
        let from = if path == "-" { "Standard input" } else { path };
        WrongUse(format!("{from} is no rule: {member}{error}.\ndocs/schema/finding-rule.schema.json has all members."))
    })?)
}

#[cfg(test)]
mod tests {
    use soar_host::rules::Rule;

    use super::*;

    #[test]
    fn an_error_names_the_member_and_what_was_expected() {
        for (text, problem) in [
            (
                r#"{"name": "A", "when": {"cvssAtLeast": "9"}, "then": {"incident": {}}}"#,
                "when.cvssAtLeast: invalid type",
            ),
            (
                r#"{"name": "A", "then": {"incident": {"onePer": "site"}}}"#,
                "onePer: unknown variant `site`, expected one of",
            ),
            (r#"{"name": "A", "then": {"incident": {}}} x"#, "trailing characters"),
            (r#"{"name": "A", "colour": 1, "then": {"incident": {}}}"#, "unknown field `colour`"),
        ] {
            let error = parse::<Rule>("rule.json", text).unwrap_err().to_string();
            assert!(error.starts_with("rule.json is no rule: ") && error.contains(problem), "{error}");
        }
    }
}
