//! The header `Idempotency-Key`: a repeated call is not done again and gets the first answer.

use axum::http::{HeaderMap, HeaderName, StatusCode};

use super::ApiReply;

/// The header's name.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const LONGEST: usize = 255;

/// An Idempotency-Key, and the fingerprint of its call.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey {
    pub key: String,
    pub fingerprint: String,
}

impl IdempotencyKey {
    /// Reads the key from the headers of a call to `target` with `body`.
    pub(crate) fn read(headers: &HeaderMap, target: &str, body: &[u8]) -> Result<Option<Self>, ApiReply> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.to_str().unwrap_or_default().trim();
        let is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if values.next().is_some() || !is_plain || key.len() > LONGEST {
            return Err(ApiReply::error(
                StatusCode::BAD_REQUEST,
                "The header Idempotency-Key must occur once, with 1 to 255 visible ASCII characters and no spaces.",
            ));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(target.as_bytes()).update(&[0]).update(body);
        Ok(Some(Self { key: key.to_owned(), fingerprint: hasher.finalize().to_hex().to_string() }))
    }
}
