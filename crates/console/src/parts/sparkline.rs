//! A small line of values, such as latencies, drawn on the server.

use std::fmt::Write as _;

use askama::Template;

/// The width and the height of the drawing.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 32.0;

/// A value with its label, such as a time.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    label: String,
    /// `None` for an unknown value, which leaves a gap.
    value: Option<f64>,
}

impl Point {
    pub(crate) fn new(label: impl Into<String>, value: Option<f64>) -> Self {
        Self { label: label.into(), value: value.filter(|value| value.is_finite()) }
    }
}

/// A small line of values.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/sparkline.html")]
pub(crate) struct Sparkline {
    /// The name of the values, such as `Latency`.
    label: String,
    unit: &'static str,
    points: Vec<Point>,
    has_table: bool,
}

impl Sparkline {
    /// A line of `points`, the oldest first. `label` says what the values are.
    pub(crate) fn new(label: impl Into<String>, unit: &'static str, points: impl IntoIterator<Item = Point>) -> Self {
        Self { label: label.into(), unit, points: points.into_iter().collect(), has_table: false }
    }

    /// Adds a table of the same values, which unfolds.
    #[must_use]
    pub(crate) const fn with_table(mut self) -> Self {
        self.has_table = true;
        self
    }

    fn known(&self) -> impl Iterator<Item = f64> {
        self.points.iter().filter_map(|point| point.value)
    }

    fn greatest(&self) -> f64 {
        self.known().fold(0.0, f64::max)
    }

    /// The values in a sentence.
    fn summary(&self) -> String {
        let least = self.known().fold(f64::INFINITY, f64::min);
        match self.points.iter().rev().find_map(|point| point.value) {
            None => format!("{}: no values", self.label),
            Some(last) => {
                let (unit, greatest) = (self.unit, self.greatest());
                format!("{}: latest {last:.0} {unit}, from {least:.0} to {greatest:.0} {unit}", self.label)
            }
        }
    }

    /// The line as the path of an SVG. An unknown value interrupts it.
    fn path(&self) -> String {
        let (last, greatest) = (self.points.len().saturating_sub(1).max(1), self.greatest().max(f64::MIN_POSITIVE));
        let mut path = String::new();
        let mut is_drawing = false;
        for (index, point) in self.points.iter().enumerate() {
            let Some(value) = point.value else {
                is_drawing = false;
                continue;
            };
            #[allow(clippy::cast_precision_loss, reason = "a drawing has few points")]
            let x = index as f64 / last as f64 * (WIDTH - 4.0) + 2.0;
            let y = HEIGHT - 3.0 - value.max(0.0) / greatest * (HEIGHT - 6.0);
            // Writing to a String cannot fail.
            let _ = write!(path, "{}{x:.1} {y:.1}", if is_drawing { "L" } else { "M" });
            if !is_drawing {
                // A single value is a point.
                path.push_str("h.1");
            }
            is_drawing = true;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_a_gap_and_not_zero() {
        let line = Sparkline::new(
            "Latency",
            "ms",
            [Point::new("a", Some(10.0)), Point::new("b", None), Point::new("c", Some(20.0))],
        );
        assert_eq!(line.path().matches('M').count(), 2, "{}", line.path());
        assert_eq!(line.summary(), "Latency: latest 20 ms, from 10 to 20 ms");
        let empty = Sparkline::new("Latency", "ms", [Point::new("a", Some(f64::NAN))]);
        assert_eq!((empty.path(), empty.summary()), (String::new(), "Latency: no values".to_owned()));
        assert!(line.with_table().to_string().contains("<td class=\"number\">unknown</td>"));
    }
}
