//! The header with which the script asks for one region of a page.

use axum::http::{HeaderMap, HeaderName};

/// The name of the header. Its value is the id of the region.
pub(crate) const REGION: HeaderName = HeaderName::from_static("footprint-region");

/// Whether the script asks for one region. The answer then leaves out the navigation.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.contains_key(REGION)
}
