//! A strip of days, each with a colour, such as the last 30 days of a connection.

use askama::Template;

use super::badge::Meaning;

/// A day.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    date: String,
    /// What the day was like, such as `99.2 % of checks passed`.
    text: String,
    class: &'static str,
}

impl Day {
    pub(crate) fn new(date: impl Into<String>, text: impl Into<String>, meaning: Meaning) -> Self {
        Self { date: date.into(), text: text.into(), class: meaning.class() }
    }
}

/// A strip of days.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/day_strip.html")]
pub(crate) struct DayStrip {
    label: String,
    days: Vec<Day>,
    has_table: bool,
}

impl DayStrip {
    /// A strip of `days`, the oldest first. `label` says what is shown in a sentence.
    pub(crate) fn new(label: impl Into<String>, days: impl IntoIterator<Item = Day>) -> Self {
        Self { label: label.into(), days: days.into_iter().collect(), has_table: false }
    }

    /// Adds a table of the same days, which unfolds.
    #[must_use]
    pub(crate) const fn with_table(mut self) -> Self {
        self.has_table = true;
        self
    }
}
