//! `POST /console/elements/device/{deviceId}/updateTags/`: gives a device these tags and no others.

use axum::http::StatusCode;

use super::devices::find;
use crate::{call::RoutedRequest, device_tags::Tag, reply::Reply};

/// Answers with the first tag, as the vendor publishes it; with an empty object if there is none.
pub(crate) fn update(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    let tags: Vec<Tag> = serde_json::from_slice(call.body)
        .map_err(|error| Reply::detail(StatusCode::BAD_REQUEST, &format!("JSON parse error - {error}")))?;
    if tags.iter().any(|tag| tag.tag.trim().is_empty()) {
        return Err(Reply::field("tag", "This field may not be blank."));
    }
    let reply = match tags.first() {
        Some(first) => Reply::json(first),
        None => Reply::json(&serde_json::json!({})),
    };
    call.world.tags.set(device.id, tags);
    Ok(reply)
}
