//! The line breaks of a text. Browsers send a carriage return and a line feed for each.

/// The text with a line feed for each line break, without white space around it.
pub(crate) fn with_line_feeds(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_a_browser_sends_back_is_the_stored_one() {
        for stored in ["one\ntwo\n", "one\r\ntwo", "one\rtwo"] {
            assert_eq!(with_line_feeds(stored), with_line_feeds("one\r\ntwo"), "{stored:?}");
        }
    }
}
