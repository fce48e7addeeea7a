//! Builds the answers that endpoints give, in the vendor's manners.

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use serde::Serialize;

/// The media type of every JSON answer.
pub(crate) const JSON: &str = "application/json";
/// The media type of every page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// An answer before it is sent.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// 200 with this value as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        Self::from_json(serde_json::to_vec(value))
    }

    /// 200 with an array of these values as JSON.
    pub(crate) fn array<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Self {
        let mut body = vec![b'['];
        Self::from_json(write_rows(&mut body, rows).map(|()| {
            body.push(b']');
            body
        }))
    }

    /// 200 with JSON that was written already, or 500 if that went wrong.
    pub(crate) fn from_json(written: serde_json::Result<Vec<u8>>) -> Self {
        match written {
            Ok(body) => Self::bytes(StatusCode::OK, JSON, body),
            Err(error) => Self::detail(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    /// Any status, media type and body.
    pub(crate) fn bytes(status: StatusCode, media_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![(CONTENT_TYPE, HeaderValue::from_static(media_type))], body }
    }

    /// Any status without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An error in Django REST framework's usual form, `{"detail": …}`.
    pub(crate) fn detail(status: StatusCode, text: &str) -> Self {
        Self::named(status, "detail", text)
    }

    /// An error as one named text.
    pub(crate) fn named(status: StatusCode, name: &str, text: &str) -> Self {
        let body = serde_json::json!({ name: text }).to_string();
        Self::bytes(status, JSON, body.into_bytes())
    }

    /// 400 as a map of a field to what is wrong with it.
    pub(crate) fn field(name: &str, problem: &str) -> Self {
        let body = serde_json::json!({ name: [problem] }).to_string();
        Self::bytes(StatusCode::BAD_REQUEST, JSON, body.into_bytes())
    }

    /// 404 for an element or an address that does not exist.
    pub(crate) fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Not found.")
    }

    /// 404 for a page that does not exist.
    pub(crate) fn invalid_page() -> Self {
        Self::detail(StatusCode::NOT_FOUND, "Invalid page.")
    }

    /// 401 for a user without the right. The vendor uses 401, not 403.
    pub(crate) fn unauthorized() -> Self {
        Self::detail(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// A web page.
    pub(crate) fn page(status: StatusCode, title: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1></body></html>\n"
        );
        Self::bytes(status, HTML, body.into_bytes())
    }

    /// The same answer with another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same answer with one more header; a value that no header can carry is left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same answer that also sets a cookie.
    pub(crate) fn with_cookie(self, name: &str, value: &str) -> Self {
        self.with_header(SET_COOKIE, &format!("{name}={value}; Path=/; SameSite=Lax"))
    }
}

/// Writes rows with commas between them.
pub(crate) fn write_rows<T: Serialize>(
    body: &mut Vec<u8>,
    rows: impl IntoIterator<Item = T>,
) -> serde_json::Result<()> {
    for (index, row) in rows.into_iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        serde_json::to_writer(&mut *body, &row)?;
    }
    Ok(())
}
