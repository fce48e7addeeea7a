//! One request as it goes out, as often as it is repeated.

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;
use soar_connector::sentence;
use url::Url;

use crate::vendor::Failure;

/// A request that can be sent again.
pub(super) struct Sendable {
    pub(super) method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl Sendable {
    pub(super) fn new(
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Option<&Value>,
    ) -> Result<Self, Failure> {
        let uri = url.as_str().parse().map_err(|error| {
            Failure::new("invalid-parameter", sentence(&format!("The request's address cannot be sent: {error}")))
        })?;
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        Ok(Self { method, uri, headers, body })
    }

    pub(super) fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}
