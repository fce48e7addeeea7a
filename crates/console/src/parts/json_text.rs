//! A JSON text of a vendor or a user, which unfolds.

use askama::Template;
use serde_json::Value;

use super::text::visible;

/// The number of characters that are shown at all.
const LONGEST: usize = 50_000;

/// A panel with a JSON text on several lines, which unfolds.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/json_text.html")]
pub(crate) struct JsonText {
    id: &'static str,
    title: &'static str,
    text: String,
    /// The number of characters that are left out.
    left_out: usize,
}

impl JsonText {
    /// A panel. `id` is the id of its region.
    pub(crate) fn new(id: &'static str, title: &'static str, text: &str) -> Self {
        let lines = on_lines(text);
        let mut characters = lines.chars().map(visible);
        let text = characters.by_ref().take(LONGEST).collect();
        Self { id, title, text, left_out: characters.count() }
    }
}

/// A JSON text on several lines.
pub(crate) fn on_lines(text: &str) -> String {
    let value = serde_json::from_str::<Value>(text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_text_stays_text_and_has_a_bound() {
        let shown = JsonText::new("outcome", "Outcome", "{\"name\":\"<b>\u{202e}evil\"}").to_string();
        assert!(!shown.contains("<b>") && !shown.contains('\u{202e}') && shown.contains("evil"), "{shown}");
        let long = JsonText::new("outcome", "Outcome", &"x".repeat(60_000)).to_string();
        assert!(long.len() < 51_000 && long.contains("10000 more characters are left out"), "{}", long.len());
    }
}
