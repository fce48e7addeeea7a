//! The icon of the packages, which is this project's own.

use base64::Engine as _;

/// As SVG.
pub(crate) const SVG: &str = include_str!("../assets/icon.svg");
/// As PNG of 128 x 128.
pub(crate) const PNG: &[u8] = include_bytes!("../assets/icon.png");
/// As PNG of 120 x 50.
pub(crate) const PNG_120X50: &[u8] = include_bytes!("../assets/icon-120x50.png");

/// The square PNG as base64.
pub(crate) fn png_base64() -> String {
    base64::engine::general_purpose::STANDARD.encode(PNG)
}
