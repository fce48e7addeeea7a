//! A text of a vendor or a user, which may contain anything.

use askama::Template;
use soar_connector::name::steers;

/// The number of characters that are shown at once. The rest unfolds.
const SHOWN: usize = 300;

/// The number of characters that are shown at all.
const LONGEST: usize = 10_000;

/// A text of a vendor or a user. Characters that reorder or hide text are shown as `�`, and the template escapes markup.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/text.html")]
pub(crate) struct VendorText {
    shown: String,
    /// The rest, which unfolds.
    rest: String,
    /// Whether the text is longer than what is shown at all.
    is_cut: bool,
}

impl VendorText {
    pub(crate) fn new(text: &str) -> Self {
        let visible = |c: char| match c {
            '\n' | '\t' => c,
            c if steers(c) => '\u{fffd}',
            c => c,
        };
        let mut characters = text.chars().map(visible);
        let shown = characters.by_ref().take(SHOWN).collect();
        let rest = characters.by_ref().take(LONGEST - SHOWN).collect();
        Self { shown, rest, is_cut: characters.next().is_some() }
    }
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
        assert!(!VendorText::new(&"x".repeat(300)).to_string().contains("<details"));
    }
}
