//! The header with which the script asks for one region of a page.

use axum::http::{HeaderMap, HeaderName};

/// The name of the header. Its value is the id of the region.
pub(crate) const REGION: HeaderName = HeaderName::from_static("footprint-region");

/// The value of the header when the page loads its news by itself.
const LIVE: &str = "live";

/// Whether the page loads its news by itself.
pub(crate) fn is_live(headers: &HeaderMap) -> bool {
    headers.get(REGION).is_some_and(|value| value == LIVE)
}

/// Whether the script asks for one region. The answer then leaves out the navigation.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.contains_key(REGION)
}
