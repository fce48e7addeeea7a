//! Reads the fields of a row one by one, and collects their problems.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;
use soar_connector::name::{nearest, quoted};
use soar_store::holds_nul;

use super::source::RawRow;
use crate::utility::parse_date_time;
use soar_store::model::limits::TextLimit;
use soar_store::model::{Moment, checked_number};

/// The remaining fields of a row, and the problems of the fields that were read.
#[derive(Debug)]
pub(super) struct Fields {
    row: RawRow,
    known: Vec<&'static str>,
    problems: Vec<(String, String)>,
}

impl Fields {
    pub(super) fn new(row: RawRow) -> Self {
        Self { row, known: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, field: &str, problem: impl Into<String>) {
        self.problems.push((field.to_owned(), problem.into()));
    }

    /// The JSON text of a field; `None` for null.
    pub(super) fn raw(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.row.remove(name).map(|value| value.get().to_owned()).filter(|text| text != "null")
    }

    /// A text that is not empty. A number counts as the text of its digits.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let raw = self.raw(name)?;
        let is_number = raw.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let text = if is_number { Ok(raw.clone()) } else { serde_json::from_str::<String>(&raw) };
        match text {
            Ok(text) if text.contains('\0') => {
                self.problem(name, "expected text without NUL characters");
                None
            }
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(_) => {
                self.problem(name, format!("expected text, found {}", quoted(&raw)));
                None
            }
        }
    }

    pub(super) fn required(&mut self, name: &'static str) -> String {
        let before = self.problems.len();
        let text = self.text(name);
        if text.is_none() && self.problems.len() == before {
            self.problem(name, "expected text, found nothing");
        }
        text.unwrap_or_default()
    }

    /// Text within a limit.
    pub(super) fn bounded(&mut self, name: &'static str, limit: TextLimit) -> Option<String> {
        let text = self.text(name)?;
        self.within(name, limit, &text);
        Some(text)
    }

    /// Adds a problem if a text is too long.
    pub(super) fn within(&mut self, name: &'static str, limit: TextLimit, text: &str) {
        if limit.check(text).is_err() {
            let (most, found) = (limit.characters, text.chars().count());
            self.problem(name, format!("expected at most {most} characters, found {found}"));
        }
    }

    /// Adds a problem if a list is too long.
    pub(super) fn few(&mut self, name: &'static str, most: usize, found: usize) {
        if found > most {
            self.problem(name, format!("expected at most {most} of them, found {found}"));
        }
    }

    /// The row's number.
    pub(super) fn number(&mut self) -> String {
        let text = self.required("number");
        match checked_number(&text) {
            Ok(number) => number,
            Err(problem) if !text.is_empty() => {
                self.problem("number", problem);
                text
            }
            Err(_) => text,
        }
    }

    pub(super) fn choice<T: FromStr<Err = String>>(&mut self, name: &'static str, unless_given: T) -> T {
        match self.text(name).map(|text| text.parse()).transpose() {
            Ok(value) => value.unwrap_or(unless_given),
            Err(problem) => {
                self.problem(name, problem);
                unless_given
            }
        }
    }

    /// A time.
    pub(super) fn time(&mut self, name: &'static str) -> Option<Moment> {
        // A JSON number: milliseconds since 1970, as lists write them.
        let raw = self.row.get(name).map(|value| value.get());
        if let Some(milliseconds) = raw.and_then(|raw| raw.parse::<i64>().ok()) {
            self.raw(name);
            return Some(Moment(milliseconds));
        }
        let text = self.text(name)?;
        match time(&text) {
            Some(time) => Some(time),
            None => {
                let found = quoted(&text);
                self.problem(name, format!("expected a time such as 2021-01-27T14:08:00Z, found {found}"));
                None
            }
        }
    }

    pub(super) fn list<T: DeserializeOwned>(&mut self, name: &'static str) -> Vec<T> {
        self.json(name, "a JSON array of its objects").unwrap_or_default()
    }

    /// A JSON object.
    pub(super) fn object<T: DeserializeOwned>(&mut self, name: &'static str) -> Option<T> {
        self.json(name, "a JSON object")
    }

    fn json<T: DeserializeOwned>(&mut self, name: &'static str, expected: &str) -> Option<T> {
        let raw = self.raw(name)?;
        // JSON can contain NUL only as this escape.
        if raw.contains(r"\u0000") && serde_json::from_str(&raw).is_ok_and(|value: Value| holds_nul(&value)) {
            self.problem(name, "expected text without NUL characters");
            return None;
        }
        match serde_json::from_str(&raw) {
            Ok(value) => Some(value),
            Err(error) => {
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                self.problem(name, format!("expected {expected}, found {} ({why})", quoted(&raw)));
                None
            }
        }
    }

    /// The problems. A field that was not read is a problem too.
    pub(super) fn finish(mut self) -> Vec<(String, String)> {
        let unknown: Vec<_> = self.row.keys().cloned().collect();
        for name in unknown {
            let near = nearest(&name, self.known.iter().copied());
            let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
            let valid = self.known.join(", ");
            self.problem(&name, format!("expected one of the fields {valid}{near}"));
        }
        self.problems
    }
}

/// Parses a time in one of the forms allowed in files.
pub(super) fn time(text: &str) -> Option<Moment> {
    let stamp = text.trim().parse::<Timestamp>().ok().map(|time| Moment(time.as_millisecond()));
    stamp.or_else(|| parse_date_time(text, &TimeZone::UTC).ok())
}
