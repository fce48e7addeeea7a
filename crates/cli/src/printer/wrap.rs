//! Breaks text between words so that no line is wider than the terminal.

use unicode_width::UnicodeWidthStr as _;

/// No column of text is narrower than this, however narrow the terminal.
const NARROWEST: usize = 20;

/// The lines of `text`, each at most `width` columns wide where words allow it; one line without a width.
///
/// Blanks at its start stand before every line.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width.map(|width| width.max(NARROWEST)) else {
        return vec![text.to_owned()];
    };
    let words = text.trim_start_matches(' ');
    let indent = &text[..text.len() - words.len()];
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in words.split(' ') {
        if line.len() > indent.len() {
            if line.width() + 1 + word.width() > width {
                lines.push(std::mem::replace(&mut line, indent.to_owned()));
            } else {
                line.push(' ');
            }
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_and_nowhere_without_a_width() {
        assert_eq!(wrap("one two three four five", Some(20)), ["one two three four", "five"]);
        assert_eq!(wrap("  one two three four five", Some(20)), ["  one two three four", "  five"]);
        assert_eq!(wrap("", Some(20)), [""]);
        assert_eq!(wrap("one two three four five", None), ["one two three four five"]);
    }
}
