//! Breaks text between words so that no line is wider than the terminal.

use textwrap::{Options, WordSeparator, WordSplitter};

/// No column of text is narrower than this, even on a narrower terminal.
const NARROWEST: usize = 20;

/// The lines of `text`, each at most `width` columns wide if its words allow it. One line without a width.
///
/// Blanks at the start of the text are repeated on every line.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let words = text.trim_start_matches(' ');
    let indent = text.strip_suffix(words).unwrap_or_default();
    let options = Options::new(width.max(NARROWEST))
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(words, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_and_nowhere_without_a_width() {
        assert_eq!(wrap("one two three four five", Some(20)), ["one two three four", "five"]);
        assert_eq!(wrap("  one two three four five", Some(20)), ["  one two three four", "  five"]);
        assert_eq!(wrap("", Some(20)), [""]);
        // A flag or an address is not broken, wherever it is and however long it is.
        let flag = "use --a-flag-that-is-longer-than-a-line here";
        assert_eq!(wrap(flag, Some(20)), ["use", "--a-flag-that-is-longer-than-a-line", "here"]);
        // A character of a script may be two columns wide.
        assert_eq!(wrap("日本語日本語日本 日本語", Some(20)), ["日本語日本語日本", "日本語"]);
        assert_eq!(wrap("one two three four five", None), ["one two three four five"]);
    }
}
