//! The cookies of the console.

use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret as _, SecretString};

/// The cookie of the session over TLS. Browsers accept the prefix only from the host itself, with `Secure`.
const SECURE: &str = "__Host-footprint";

/// The cookie of the session over plain HTTP.
const PLAIN: &str = "footprint";

/// The value of a cookie in the request.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}

/// The cookie of a sign-in by a provider. It is `Lax`, since another site leads the browser back.
#[derive(Debug)]
pub(crate) struct FlowCookie;

impl FlowCookie {
    const NAME: &str = "footprint-sign-in";

    /// The flow in the request.
    pub(crate) fn read(headers: &HeaderMap) -> Option<SecretString> {
        read(headers, Self::NAME).map(SecretString::from)
    }

    pub(crate) fn set(flow: &SecretString, is_secure: bool) -> Option<HeaderValue> {
        Self::header(flow.expose_secret(), 600, is_secure)
    }

    pub(crate) fn delete(is_secure: bool) -> Option<HeaderValue> {
        Self::header("", 0, is_secure)
    }

    fn header(value: &str, seconds: u32, is_secure: bool) -> Option<HeaderValue> {
        let (name, secure) = (Self::NAME, if is_secure { "; Secure" } else { "" });
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// The cookie of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCookie {
    is_secure: bool,
}

impl SessionCookie {
    /// The cookie for a browser that reaches the host over TLS, or over plain HTTP.
    pub(crate) const fn new(is_secure: bool) -> Self {
        Self { is_secure }
    }

    /// The token in the request.
    pub(crate) fn token(headers: &HeaderMap) -> Option<SecretString> {
        let token = read(headers, SECURE).or_else(|| read(headers, PLAIN))?;
        (!token.is_empty()).then(|| SecretString::from(token))
    }

    /// The header that sets the cookie. It ends with the browser; the session's own times end it earlier.
    pub(crate) fn set(self, token: &SecretString) -> Option<HeaderValue> {
        self.header(token.expose_secret(), "")
    }

    /// The header that deletes the cookie.
    pub(crate) fn delete(self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(self, value: &str, more: &str) -> Option<HeaderValue> {
        let (name, secure) = if self.is_secure { (SECURE, "; Secure") } else { (PLAIN, "") };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}
