//! Receives a long body into a file before it is processed, so that an interrupted upload changes nothing.

use std::fs::File;
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::ApiReply;
use soar_host::settings::HostSettings;

/// The body as an unnamed file, positioned at its beginning.
pub(crate) async fn receive(mut body: Body, settings: &HostSettings) -> Result<File, ApiReply> {
    let file = tokio::task::spawn_blocking(tempfile::tempfile).await.map_err(|error| not_kept(&error))?;
    let mut file = tokio::fs::File::from_std(file.map_err(|error| not_kept(&error))?);
    let (mut length, timeout) = (0, Duration::from_secs(settings.body_seconds));
    loop {
        let frame = tokio::time::timeout(timeout, body.frame()).await.map_err(|_| {
            let error = format!("No more of the body arrived for {} seconds.", settings.body_seconds);
            ApiReply::error(StatusCode::REQUEST_TIMEOUT, error)
        })?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| ApiReply::error(StatusCode::BAD_REQUEST, "The body ended early."))?;
        let Ok(bytes) = frame.into_data() else { continue };
        length += bytes.len() as u64;
        if length > settings.import_bytes {
            let error = format!("The body is longer than {} bytes. Send it in parts.", settings.import_bytes);
            return Err(ApiReply::error(StatusCode::PAYLOAD_TOO_LARGE, error));
        }
        file.write_all(&bytes).await.map_err(|error| not_kept(&error))?;
    }
    file.flush().await.map_err(|error| not_kept(&error))?;
    file.rewind().await.map_err(|error| not_kept(&error))?;
    Ok(file.into_std().await)
}

fn not_kept(error: &dyn std::fmt::Display) -> ApiReply {
    let folder = std::env::temp_dir();
    tracing::error!(
        "A body could not be stored in the temporary folder {}: {error}. Free space there, or set the variable TMPDIR \
         to another folder.",
        folder.display()
    );
    ApiReply::unavailable("The host cannot store the body. Try again later, or send it in parts.", error.to_string())
}
