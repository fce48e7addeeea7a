//! Sends one request and reads its reply, within bounds; says what went wrong on the way.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{Login, Meter};
use crate::vendor::{Failure, Request};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The largest reply that is read into memory, in bytes after decompression: 64 MiB.
const LARGEST_REPLY: usize = 64 * 1024 * 1024;

const TENANT_HEADER: HeaderName = HeaderName::from_static("footprinttenantid");
const XSRF_HEADER: HeaderName = HeaderName::from_static("x-xsrf-token");
const XSRF_COOKIE: &str = "XSRF-TOKEN";

/// A whole reply.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) location: Option<String>,
    /// The XSRF token that the server set with this reply.
    pub(super) xsrf_token: Option<SecretString>,
    pub(super) body: Vec<u8>,
}

/// The HTTP client of one session.
#[derive(Debug)]
pub(super) struct Transport {
    client: reqwest::Client,
    api: Url,
}

impl Transport {
    pub(super) fn new(api: Url) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("coda-footprint/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            // A redirect could lead to another host, which must not see credentials; it is reported instead.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { client, api })
    }

    /// Sends a request with the login's token, for `tenant`, else the login's default one, else the server's choice.
    pub(super) async fn send(
        &self,
        request: &Request,
        login: &Login,
        tenant: Option<i64>,
        meter: &Meter,
    ) -> Result<Reply, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::AUTHORIZATION, secret_header("Bearer ", &login.access)?);
        if let Some(tenant) = tenant.or(login.default_tenant) {
            headers.insert(TENANT_HEADER, HeaderValue::from(tenant));
        }
        if let Some(token) = login.xsrf_token.as_ref().filter(|_| request.is_write()) {
            headers.insert(XSRF_HEADER, secret_header("", token)?);
            headers.insert(COOKIE, secret_header(&format!("{XSRF_COOKIE}="), token)?);
        }
        let mut builder = self
            .client
            .request(request.method.clone(), self.address(&request.path))
            .query(&request.query)
            .headers(headers);
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        self.exchange(builder, meter).await
    }

    /// Posts credentials; the only request without a login.
    pub(super) async fn post(&self, path: &str, body: &Value, meter: &Meter) -> Result<Reply, Failure> {
        self.exchange(self.client.post(self.address(path)).json(body), meter).await
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!("{}{path}", self.api.path()));
        url
    }

    async fn exchange(&self, builder: reqwest::RequestBuilder, meter: &Meter) -> Result<Reply, Failure> {
        meter.count_request();
        let mut response =
            builder.header(ACCEPT, "application/json").send().await.map_err(|error| self.failure(&error))?;
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut reply = Reply {
            status: response.status().as_u16(),
            content_type: text(CONTENT_TYPE).to_ascii_lowercase(),
            location: headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            xsrf_token: xsrf_token(headers),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error).at(reply.status))? {
            if reply.body.len() + chunk.len() > LARGEST_REPLY {
                return Err(Failure::new(
                    "reply-too-large",
                    format!("The reply is larger than {} MiB.", LARGEST_REPLY / (1024 * 1024)),
                )
                .at(reply.status));
            }
            reply.body.extend_from_slice(&chunk);
        }
        Ok(reply)
    }

    /// What a client error means to the user, with its innermost cause.
    fn failure(&self, error: &reqwest::Error) -> Failure {
        let mut cause = error.source();
        let mut causes = Vec::new();
        while let Some(inner) = cause {
            causes.push(inner.to_string());
            cause = inner.source();
        }
        let innermost = causes.last().cloned().unwrap_or_default();
        let host = self.api.host_str().unwrap_or_default();
        let port = self.api.port_or_known_default().unwrap_or_default();
        let said = |text: String| soar_connector::sentence(&text);
        if error.is_connect() {
            let about_tls =
                causes.iter().any(|text| text.contains("certificate") || text.contains("TLS") || text.contains("tls"));
            if about_tls {
                return Failure::new("tls-failed", said(format!("No secure connection to {host}:{port}: {innermost}")));
            }
            let why = if error.is_timeout() { "no answer in time" } else { &innermost };
            return Failure::new("unreachable", said(format!("No connection to {host}:{port}: {why}")));
        }
        if error.is_timeout() {
            return Failure::new(
                "timed-out",
                said(format!("{host}:{port} sent nothing for {} seconds", READ_TIMEOUT.as_secs())),
            );
        }
        if error.is_decode() && !causes.iter().any(|text| text.contains("connection") || text.contains("body")) {
            return Failure::new("unreadable-reply", said(format!("The reply could not be decompressed: {innermost}")));
        }
        Failure::new("connection-lost", said(format!("The connection to {host}:{port} ended early: {innermost}")))
    }
}

fn secret_header(before: &str, secret: &SecretString) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("{before}{}", secret.expose_secret())).map_err(|_| {
        Failure::new("no-access-token", "The server's token holds characters that cannot be sent back.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn xsrf_token(headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok())
        .filter_map(|cookie| cookie.split(';').next()?.trim().split_once('='))
        .find(|(name, value)| *name == XSRF_COOKIE && !value.is_empty())
        .map(|(_, value)| SecretString::from(value))
}
