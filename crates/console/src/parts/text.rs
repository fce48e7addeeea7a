//! A text of a vendor or a user, which may contain anything.

use askama::Template;
use soar_connector::name::steers;

/// The number of characters that are shown at once. A longer text unfolds.
const MOST_SHOWN: usize = 300;

/// The number of characters that are shown at all.
const LONGEST: usize = 10_000;

/// A text of a vendor or a user. Characters that reorder or hide text are shown as `�`, and the template escapes markup.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/text.html")]
pub(crate) struct VendorText {
    /// The text, or the beginning of a long one.
    shown: String,
    /// The long text, which unfolds in place of its beginning.
    whole: String,
    /// The number of characters that are left out.
    left_out: usize,
}

impl VendorText {
    pub(crate) fn new(text: &str) -> Self {
        let mut characters = text.chars().map(visible);
        let mut shown: String = characters.by_ref().take(MOST_SHOWN).collect();
        let rest: String = characters.by_ref().take(LONGEST - MOST_SHOWN).collect();
        let whole = if rest.is_empty() { rest } else { format!("{shown}{rest}") };
        if !whole.is_empty() {
            shown.push('\u{2026}');
        }
        Self { shown, whole, left_out: characters.count() }
    }
}

/// A character, or `�` for one that reorders or hides text.
pub(super) fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        c if steers(c) => '\u{fffd}',
        c => c,
    }
}

/// The first `most` characters of a longer text.
pub(crate) fn beginning(text: &str, most: usize) -> Option<&str> {
    text.char_indices().nth(most).map(|(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_neither_reorders_the_page_nor_becomes_markup() {
        let shown = VendorText::new("<b onclick=x>\u{202e}evil\u{2066}</b>").to_string();
        assert!(
            !shown.contains("<b ")
                && !shown.contains("</b>")
                && !shown.contains('\u{202e}')
                && !shown.contains('\u{2066}'),
            "{shown}"
        );
        assert!(shown.contains("onclick=x"), "{shown}");
    }

    #[test]
    fn a_long_text_unfolds_and_has_a_bound() {
        let shown = VendorText::new(&"x".repeat(100_000)).to_string();
        assert!(shown.contains("<details") && shown.len() < 11_000, "{}", shown.len());
        assert!(shown.contains("90000 more characters are left out"), "{shown}");
        let whole = VendorText::new(&"x".repeat(10_000)).to_string();
        assert!(whole.contains(&"x".repeat(10_000)) && !whole.contains("left out"), "{whole}");
        assert!(!VendorText::new(&"x".repeat(300)).to_string().contains("<details"));
    }
}
