//! Reads the JSON body of a call within the limits of length, time, and bytes under way.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::Reply;
use crate::limits::CountsBytes;
use soar_host::settings::HostSettings;

/// The bytes of a body with the content type JSON. They may share the connection's read buffer. Copy them to keep them
/// longer than the call.
pub(crate) async fn read_json(
    headers: &HeaderMap,
    body: Body,
    settings: &HostSettings,
    share: &mut impl CountsBytes,
) -> Result<Bytes, Reply> {
    if !is_json(headers) {
        return Err(Reply::error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON. Expected the header Content-Type: application/json.",
        ));
    }
    read_body(headers, body, settings, share).await
}

/// The bytes of a body of any content type, within the same limits.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    settings: &HostSettings,
    share: &mut impl CountsBytes,
) -> Result<Bytes, Reply> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > settings.body_bytes) {
        return Err(too_long(settings));
    }
    let limit = Duration::from_secs(settings.body_seconds);
    tokio::time::timeout(limit, collect(body, settings, share)).await.unwrap_or_else(|_| {
        let error = format!("The body did not arrive within {} seconds.", settings.body_seconds);
        Err(Reply::error(StatusCode::REQUEST_TIMEOUT, error))
    })
}

async fn collect(mut body: Body, settings: &HostSettings, share: &mut impl CountsBytes) -> Result<Bytes, Reply> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Reply::error(StatusCode::BAD_REQUEST, "The body ended early."))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if whole.len() + bytes.len() > settings.body_bytes {
            return Err(too_long(settings));
        }
        share.count_bytes(bytes.len()).map_err(Reply::beyond_bytes)?;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(bytes);
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

fn too_long(settings: &HostSettings) -> Reply {
    let error = format!("The body is longer than {} bytes. Send it in parts.", settings.body_bytes);
    Reply::error(StatusCode::PAYLOAD_TOO_LARGE, error)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Refuses JSON with a NUL character in a text, since PostgreSQL cannot store it. JSON can contain NUL only as an
/// escape.
pub(crate) fn without_nul(json: &[u8]) -> Result<(), Reply> {
    let is_escaped = json.windows(6).any(|escape| escape == br"\u0000");
    if is_escaped && serde_json::from_slice::<Value>(json).is_ok_and(|value| soar_store::holds_nul(&value)) {
        return Err(Reply::error(
            StatusCode::BAD_REQUEST,
            "The body contains a NUL character. Remove it: the store cannot keep NUL characters.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_with_a_nul_in_it_is_refused() {
        for (json, expected) in [
            (r#"{"name": "a\u0000b"}"#, true),
            (r#"{"a\u0000": 1}"#, true),
            (r#"[["\u0000"]]"#, true),
            (r#"{"name": "C:\\u0000"}"#, false),
            (r#"{"name": "u0000"}"#, false),
            ("7", false),
        ] {
            assert_eq!(without_nul(json.as_bytes()).is_err(), expected, "{json}");
        }
    }
}
