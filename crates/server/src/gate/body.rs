//! Reads a call's body: JSON, not too long, not too slow.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::Reply;
use soar_host::settings::HostSettings;

/// The body's bytes, which are said to be JSON. They may be part of what was read from the connection, which is read into
/// anew once nobody holds them: whoever keeps them longer than the call copies them.
pub(crate) async fn read_json(headers: &HeaderMap, body: Body, settings: &HostSettings) -> Result<Bytes, Reply> {
    if !is_json(headers) {
        return Err(Reply::error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON. Expected the header Content-Type: application/json.",
        ));
    }
    let too_long = || {
        let error = format!("The body is longer than {} bytes. Send it in parts.", settings.body_bytes);
        Reply::error(StatusCode::PAYLOAD_TOO_LARGE, error)
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > settings.body_bytes) {
        return Err(too_long());
    }
    let limit = Duration::from_secs(settings.body_seconds);
    match tokio::time::timeout(limit, Limited::new(body, settings.body_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(Reply::error(StatusCode::BAD_REQUEST, "The body ended before it was whole.")),
        Err(_) => {
            let error = format!("The body did not arrive within {} seconds.", settings.body_seconds);
            Err(Reply::error(StatusCode::REQUEST_TIMEOUT, error))
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    value.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
