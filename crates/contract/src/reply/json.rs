//! Reads JSON that a server sent.

use serde::Deserialize;
use serde_json::error::Category;

use crate::error::sentence;
use crate::failure::Failure;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a body's JSON.
///
/// # Errors
/// `empty-reply`, `html-reply`, `unreadable-reply` for a body that is no JSON, and `unexpected-reply` for JSON of another shape.
pub fn read_json<'a, T: Deserialize<'a>>(content_type: &str, body: &'a [u8]) -> Result<T, Failure> {
    let body = content(content_type, body)?;
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

/// The text of a body that may be JSON, without a byte order mark.
///
/// # Errors
/// `empty-reply`, `html-reply`, or `unreadable-reply` for what is no UTF-8.
pub(super) fn into_text(content_type: &str, mut body: Vec<u8>) -> Result<String, Failure> {
    let start = body.len() - content(content_type, &body)?.len();
    body.drain(..start);
    String::from_utf8(body).map_err(|_| Failure::new("unreadable-reply", "The reply is no valid UTF-8."))
}

/// The failure for a parser's error: the text is no JSON, or it is JSON of another shape.
pub(super) fn unreadable(error: &serde_json::Error) -> Failure {
    match error.classify() {
        Category::Data => {
            Failure::new("unexpected-reply", sentence(&format!("The reply is other JSON than was expected: {error}")))
        }
        _ => Failure::new("unreadable-reply", sentence(&format!("The reply is no whole and valid JSON: {error}"))),
    }
}

/// The body without a byte order mark, unless it is empty or a web page.
fn content<'a>(content_type: &str, body: &'a [u8]) -> Result<&'a [u8], Failure> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err(Failure::new("empty-reply", "The reply is empty."));
    }
    if is_web_page(content_type, body) {
        return Err(Failure::new("html-reply", "The reply is a web page, not JSON."));
    }
    Ok(body)
}

/// Whether a body is a web page. The body decides: JSON that calls itself `text/html` is JSON.
#[must_use]
pub fn is_web_page(content_type: &str, body: &[u8]) -> bool {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    match body.trim_ascii_start().first() {
        Some(b'<') => true,
        Some(b'{' | b'[' | b'"') | None => false,
        Some(_) => content_type.contains("html"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_byte_order_mark_and_a_wrong_label_change_nothing() {
        for body in ["{\"a\":1}", "\u{feff}{\"a\":1}", "\u{feff} {\"a\":1} \n"] {
            for content_type in ["application/json", "text/html", ""] {
                assert_eq!(read_json::<Value>(content_type, body.as_bytes()), Ok(json!({ "a": 1 })), "{body:?}");
            }
        }
        assert_eq!(into_text("", "\u{feff}[]".into()).as_deref(), Ok("[]"));
    }

    #[test]
    fn what_is_no_json_is_told_as_what_it_is() {
        for (content_type, body, code) in [
            ("application/json", "", "empty-reply"),
            ("application/json", "\u{feff} \n", "empty-reply"),
            ("application/json", " <p>", "html-reply"),
            ("application/json", "\u{feff}<p>", "html-reply"),
            ("text/html", "Sign in", "html-reply"),
            ("text/plain", "Sign in", "unreadable-reply"),
            ("text/html", "{\"a\":", "unreadable-reply"),
        ] {
            let failed = read_json::<Value>(content_type, body.as_bytes()).map_err(|failure| failure.code);
            assert_eq!(failed, Err(Some(code)), "{content_type} {body:?}");
        }
    }
}
