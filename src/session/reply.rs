//! A reply of the server, read to its end.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::response::Parts;
use secrecy::SecretString;

/// The cookie that holds the server's XSRF token.
pub(super) const XSRF_COOKIE: &str = "XSRF-TOKEN";

/// The largest capacity that a body is given before it is read, in bytes, whatever length the reply announces.
const FIRST_CAPACITY: usize = 1024 * 1024;

/// A whole reply.
#[derive(Debug, Default)]
pub(super) struct VendorReply {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<String>,
    /// The XSRF token that the server set with this reply.
    pub(super) xsrf_token: Option<SecretString>,
    pub(super) body: Vec<u8>,
}

impl VendorReply {
    /// The reply with this status and these headers; its body is not read yet.
    pub(super) fn without_body(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let announced = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        Self {
            status: parts.status.as_u16(),
            content_type: text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
            location: text(LOCATION),
            retry_after: text(RETRY_AFTER),
            xsrf_token: xsrf_token(headers),
            body: Vec::with_capacity(announced.min(FIRST_CAPACITY)),
        }
    }
}

fn xsrf_token(headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok())
        .filter_map(|cookie| cookie.split(';').next()?.trim().split_once('='))
        .find(|(name, value)| *name == XSRF_COOKIE && !value.is_empty())
        .map(|(_, value)| SecretString::from(value))
}
