//! Reads the JSON body of a call within the limits of length, time, and bytes under way.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::ApiReply;
use crate::limits::CountsBytes;
use soar_host::settings::HostSettings;

/// The bytes of a body with the content type JSON. They may share the connection's read buffer. Copy them to keep them
/// longer than the call.
pub(crate) async fn read_json(
    headers: &HeaderMap,
    body: Body,
    settings: &HostSettings,
    share: &mut impl CountsBytes,
) -> Result<Bytes, ApiReply> {
    if !is_json(headers) {
        return Err(ApiReply::error(
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
) -> Result<Bytes, ApiReply> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > settings.body_bytes) {
        return Err(too_long(settings));
    }
    let limit = Duration::from_secs(settings.body_seconds);
    tokio::time::timeout(limit, collect(body, settings, share)).await.unwrap_or_else(|_| {
        let error = format!("The body did not arrive within {} seconds.", settings.body_seconds);
        Err(ApiReply::error(StatusCode::REQUEST_TIMEOUT, error))
    })
}

async fn collect(mut body: Body, settings: &HostSettings, share: &mut impl CountsBytes) -> Result<Bytes, ApiReply> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiReply::error(StatusCode::BAD_REQUEST, "The body ended early."))?;
        let Ok(bytes) = frame.into_data() else { continue };
        if whole.len() + bytes.len() > settings.body_bytes {
            return Err(too_long(settings));
        }
        share.count_bytes(bytes.len()).map_err(ApiReply::beyond_bytes)?;
        if whole.is_empty() && body.is_end_stream() {
            return Ok(bytes);
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.freeze())
}

fn too_long(settings: &HostSettings) -> ApiReply {
    let error = format!("The body is longer than {} bytes. Send it in parts.", settings.body_bytes);
    ApiReply::error(StatusCode::PAYLOAD_TOO_LARGE, error)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Refuses JSON with a NUL character in a text, since PostgreSQL cannot store it. JSON can contain NUL only as an
/// escape.
pub(crate) fn without_nul(json: &[u8]) -> Result<(), ApiReply> {
    if !json.contains(&b'\\') || !json.windows(6).any(|escape| escape == br"\u0000") {
        return Ok(());
    }
    let Some(place) = serde_json::from_slice::<Value>(json).ok().as_ref().and_then(place_of_nul) else { return Ok(()) };
    let within = if place.is_empty() { String::new() } else { format!(" in {}", place.trim_start_matches('.')) };
    let error = format!("The body contains a NUL character{within}. Remove it: the store cannot keep NUL characters.");
    Err(ApiReply::error(StatusCode::BAD_REQUEST, error))
}

/// The place of the first NUL character in a text or a name, such as `.CommandParams.Names[2]`; empty for `value` itself.
fn place_of_nul(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| Some(format!("[{at}]{}", place_of_nul(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let place = if name.contains('\0') { String::new() } else { place_of_nul(member)? };
            Some(format!(".{}{place}", name.replace('\0', r"\u0000")))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_with_a_nul_in_it_is_refused_with_its_place() {
        for (json, place) in [
            (r#"{"name": "a\u0000b"}"#, Some(" in name.")),
            (r#"{"a\u0000": 1}"#, Some(r" in a\u0000.")),
            (r#"{"names": [{"of": ["a", "\u0000"]}]}"#, Some(" in names[0].of[1].")),
            (r#""\u0000""#, Some("a NUL character.")),
            (r#"{"name": "C:\\u0000"}"#, None),
            (r#"{"name": "u0000"}"#, None),
            ("7", None),
        ] {
            let refused = without_nul(json.as_bytes()).err().map(|reply| reply.reason);
            assert_eq!(refused.is_some(), place.is_some(), "{json}");
            assert!(refused.unwrap_or_default().contains(place.unwrap_or_default()), "{json}");
        }
    }
}
