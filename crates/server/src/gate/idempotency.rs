//! The header `Idempotency-Key`: the same call is answered the same, and done once.

use axum::http::{HeaderMap, HeaderName, StatusCode};
use soar_store::EarlierCall;

use super::Reply;

/// The header's name.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
const LONGEST: usize = 255;

/// An Idempotency-Key, and of what it was sent with.
#[derive(Debug, Clone)]
pub(crate) struct IdempotencyKey {
    pub key: String,
    pub fingerprint: String,
}

impl IdempotencyKey {
    /// The key among the headers of a call to `target` with `body`.
    pub(crate) fn read(headers: &HeaderMap, target: &str, body: &[u8]) -> Result<Option<Self>, Reply> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.to_str().unwrap_or_default().trim();
        let is_plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if values.next().is_some() || !is_plain || key.len() > LONGEST {
            return Err(Reply::error(
                StatusCode::BAD_REQUEST,
                "The header Idempotency-Key must be there once, with 1 to 255 visible characters of ASCII and no blanks.",
            ));
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(target.as_bytes()).update(&[0]).update(body);
        Ok(Some(Self { key: key.to_owned(), fingerprint: hasher.finalize().to_hex().to_string() }))
    }
}

/// The answer to a repeated call, if the first one has one: `None` while that one runs, or ended without.
pub(crate) fn replayed(earlier: &EarlierCall, fingerprint: &str) -> Option<Reply> {
    if earlier.fingerprint != fingerprint {
        return Some(Reply::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The Idempotency-Key was sent with another command or body, or by a key for other sites, before. Use a new \
             one for a new call.",
        ));
    }
    let (status, body) = earlier.answer.as_ref()?;
    let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::OK);
    let mut reply = Reply::body(status, body.clone());
    reply.reason = format!("Answered as the call {} was.", earlier.request_id);
    Some(reply)
}
