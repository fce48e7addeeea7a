//! The static files: one style sheet, one script, one icon. Their addresses contain the hash of their content, so that
//! browsers keep them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// A static file.
#[derive(Debug)]
struct Asset {
    /// The last part of its address.
    name: String,
    kind: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, kind: &'static str, content: &'static str) -> Self {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        Self { name: format!("{stem}-{}.{ending}", &hash[..16]), kind, content }
    }
}

/// The static files, which never change while the process runs.
static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::new("console", "css", "text/css; charset=utf-8", include_str!("../static/console.css")),
        Asset::new("console", "js", "text/javascript; charset=utf-8", include_str!("../static/console.js")),
        Asset::new("icon", "svg", "image/svg+xml", include_str!("../static/icon.svg")),
    ]
});

/// The addresses of the static files, below the address of the console.
#[derive(Debug, Clone)]
pub(crate) struct AssetAddresses {
    pub(crate) css: String,
    pub(crate) js: String,
    pub(crate) icon: String,
}

impl AssetAddresses {
    pub(crate) fn below(base: &str) -> Self {
        let [css, js, icon] = ASSETS.each_ref().map(|asset| format!("{base}/static/{}", asset.name));
        Self { css, js, icon }
    }
}

/// Answers with a static file.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, "The file does not exist. Load the page again.\n").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}
