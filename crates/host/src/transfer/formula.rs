//! CSV cells that spreadsheets would take for formulas: an apostrophe before them, and away again.

const DANGEROUS: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether [`restored`] would take something away from the text.
fn looks_guarded(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next() == Some('\'') && characters.next().is_some_and(|c| c == '\'' || DANGEROUS.contains(&c))
}

/// The text as it can stand in a cell.
pub(super) fn guarded(text: &str) -> String {
    if text.starts_with(DANGEROUS) || looks_guarded(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text that a cell stands for.
pub(super) fn restored(cell: &str) -> &str {
    if looks_guarded(cell) { &cell[1..] } else { cell }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_guarded_is_restored_exactly_and_starts_no_formula(text in "['=+@\\-\t\r\n＝a ]{0,6}|.*") {
            let cell = guarded(&text);
            prop_assert_eq!(restored(&cell), &text);
            prop_assert!(!cell.starts_with(DANGEROUS));
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "'", "'twas", "a=b", "O'Brien"] {
            assert_eq!((guarded(text).as_str(), restored(text)), (text, text));
        }
    }
}
