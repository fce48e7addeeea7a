//! Escapes control characters in text from a server, so that it cannot control the terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use soar_connector::name::steers;

/// `text` on one line. Control characters and characters that reorder or hide text are escaped.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escape(text, steers, |escaped, c| match c {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        c => push(escaped, &format!("\\u{{{:x}}}", u32::from(c))),
    })
}

/// The same for text whose line breaks stay.
pub(super) fn lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// JSON with the same characters as `\u` escapes: an equal document without control characters.
///
/// Such characters can only be inside strings, since JSON has no others outside of them except line breaks and tabs.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let steers = |c| steers(c) && !matches!(c, '\n' | '\r' | '\t');
    escape(text, steers, |escaped, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            push(escaped, &format!("\\u{unit:04x}"));
        }
    })
}

fn push(text: &mut String, escape: &str) {
    // Writing to a String cannot fail.
    let _ = text.write_str(escape);
}

fn escape(text: &str, dangerous: impl Fn(char) -> bool, replace: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(&dangerous) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if dangerous(c) {
            replace(&mut escaped, c);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(visible("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
        assert_eq!(visible("a\u{9b}31mb\u{7f}\0"), r"a\u{9b}31mb\u{7f}\u{0}");
        assert_eq!(visible("gpj.\u{202e}exe\u{2066}"), r"gpj.\u{202e}exe\u{2066}");
        assert_eq!(visible("a\r\n\tb"), r"a\r\n\tb");
        assert!(matches!(visible("Zürich 東京 👩‍💻"), Cow::Borrowed(_)));
    }

    #[test]
    fn intended_line_breaks_stay() {
        assert_eq!(lines("a\nb\u{1b}c"), "a\nb\\u{1b}c");
    }

    #[test]
    fn escaped_json_is_the_same_document() {
        let text = "{\n  \"name\": \"a\u{9b}b\u{202e}c\u{e0041}\"\n}";
        let shown = json(text);
        assert!(shown.is_ascii(), "{shown}");
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        assert_eq!(parse(&shown), parse(text));
    }
}
