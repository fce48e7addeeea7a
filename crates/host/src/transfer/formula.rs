//! Guards CSV cells that spreadsheets would run as formulas by an apostrophe, and removes it at the import.
//!
//! Many spreadsheets separate cells by semicolons or tabs. For them a cell may begin after each semicolon, tab or line
//! break, and quotes within such a cell do not protect it.

use std::iter;

const DANGEROUS: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell may begin after each of these characters.
const SEPARATORS: &[char] = &[';', '\t', '\r', '\n'];

/// Whether [`restored`] removes an apostrophe at the beginning of this text.
fn looks_guarded(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with('\'') || rest.starts_with(DANGEROUS))
}

/// The parts of a text of which each may begin a cell. Each part except the last ends with a separator. A carriage return
/// and the line feed after it are one separator.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let separator = rest.find(SEPARATORS);
        let end = separator.map_or(rest.len(), |at| if rest[at..].starts_with("\r\n") { at + 2 } else { at + 1 });
        let (part, after) = rest.split_at(end);
        rest = after;
        Some(part)
    })
}

/// The guarded text of a cell.
#[must_use]
pub fn guarded(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for part in parts(text) {
        if part.starts_with(DANGEROUS) || looks_guarded(part) {
            cell.push('\'');
        }
        cell.push_str(part);
    }
    cell
}

/// The text without guards.
pub(super) fn restored(cell: &str) -> String {
    parts(cell).map(|part| if looks_guarded(part) { &part[1..] } else { part }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_guarded_is_restored_exactly_and_starts_no_formula(text in "['=+@;\\-\t\r\n＝a ]{0,8}|.*") {
            let cell = guarded(&text);
            prop_assert_eq!(restored(&cell), text);
            prop_assert!(!cell.starts_with(DANGEROUS));
            for separator in SEPARATORS {
                prop_assert!(!cell.split(*separator).any(|part| part.starts_with(['=', '+', '-', '@'])));
            }
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "'", "'twas", "a=b", "O'Brien", "a; -1", "a;b", "two\nlines", ";"] {
            assert_eq!((guarded(text).as_str(), restored(text).as_str()), (text, text));
        }
    }
}
