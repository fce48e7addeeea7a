//! A sentence at the top of a page: the result of what the user just did, or the reason of a failure.

use axum::http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::cookies;

/// The cookie that carries a notice from a form to the page after it.
const COOKIE: &str = "footprint-notice";

/// The longest notice in a cookie, in characters.
const LONGEST: usize = 400;

/// The meaning of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Done,
    Warning,
    Failed,
}

impl Tone {
    /// The class in the markup.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// A notice.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Notice {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }

    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self::new(Tone::Done, text)
    }

    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new(Tone::Failed, text)
    }

    /// The notice that the request carries.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let value = cookies::read(headers, COOKIE)?;
        let (tone, text) = value.split_once('.')?;
        let tone = [Tone::Done, Tone::Warning, Tone::Failed].into_iter().find(|known| known.as_str() == tone)?;
        Some(Self { tone, text: percent_decode_str(text).decode_utf8_lossy().into_owned() })
    }

    /// The header that takes the notice to the next page.
    pub(super) fn cookie(&self, base: &str) -> Option<HeaderValue> {
        let text: String = self.text.chars().take(LONGEST).collect();
        let text = utf8_percent_encode(&text, NON_ALPHANUMERIC);
        let tone = self.tone.as_str();
        HeaderValue::from_str(&format!("{COOKIE}={tone}.{text}; Path={base}; Max-Age=30; HttpOnly; SameSite=Strict"))
            .ok()
    }

    /// The header that deletes the notice, once a page has shown it.
    pub(super) fn shown(base: &str) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{COOKIE}=; Path={base}; Max-Age=0; HttpOnly; SameSite=Strict")).ok()
    }
}
