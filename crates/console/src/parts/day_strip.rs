//! A strip of days, each with a colour, such as the last 30 days of a connection.

use askama::Template;

use super::badge::Meaning;

/// A day.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    date: String,
    /// The day's result, such as `99.2 % of checks passed`.
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
    is_small: bool,
}

impl DayStrip {
    /// A strip of `days`, the oldest first. `label` says what is shown in a sentence.
    pub(crate) fn new(label: impl Into<String>, days: impl IntoIterator<Item = Day>) -> Self {
        Self { label: label.into(), days: days.into_iter().collect(), has_table: false, is_small: false }
    }

    /// Draws the days without their texts, for lists of many strips.
    #[must_use]
    pub(crate) const fn small(mut self) -> Self {
        self.is_small = true;
        self
    }

    /// The classes of the days, each with the path that draws its days.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines: Vec<(&'static str, String)> = Vec::new();
        for (number, day) in self.days.iter().enumerate() {
            let (top, height) = match day.class {
                "bad" => (0, 24),
                "neutral" => (9, 6),
                _ => (4, 16),
            };
            let step = format!("M{} {top}v{height}", number * 8 + 4);
            match lines.iter_mut().find(|(class, _)| *class == day.class) {
                Some((_, path)) => path.push_str(&step),
                None => lines.push((day.class, step)),
            }
        }
        lines
    }

    /// Adds a table of the same days, which unfolds.
    #[must_use]
    pub(crate) const fn with_table(mut self) -> Self {
        self.has_table = true;
        self
    }
}
