//! Sends a request once, reads its reply within bounds, and says why no reply came.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::header::CONTENT_ENCODING;
use http_body_util::Full;
use hyper::body::Bytes;
use soar_connector::{Clock, Redactor, sentence};
use tracing::{Span, debug};

use super::client::{Client, SendError};
use super::connect::{ConnectError, Handshake, client_certificate_wanted, innermost, refused_in_session};
use super::encoding::{too_large, unpack};
use super::lock::lock;
use super::reply::VendorReply;
use crate::hop::Hop;
use crate::settings::ConnectionSettings;
use crate::vendor::{Failure, SESSION_PATH};

/// The largest reply to a login or from the session endpoint, in bytes: it is parsed whole, which takes many times its
/// size.
const LARGEST_LOGIN_REPLY: usize = 1024 * 1024;

/// Sends single requests, and notes the server's certificate.
pub(super) struct Exchange {
    server: Hop,
    clock: Arc<dyn Clock>,
    largest_reply: usize,
    read_timeout: Duration,
    is_proxied: bool,
    /// Knows the secrets of the connection's settings.
    pub(super) redactor: Redactor,
    /// The server's certificate (DER).
    certificate: Mutex<Option<Arc<[u8]>>>,
}

impl Exchange {
    pub(super) fn new(settings: &ConnectionSettings, clock: Arc<dyn Clock>) -> Self {
        let network = &settings.network;
        let mut redactor = Redactor::default();
        redactor.add(settings.credentials.secret());
        if let Some(password) = network.proxy.as_ref().and_then(|proxy| proxy.password.as_ref()) {
            redactor.add(password);
        }
        Self {
            server: Hop::of(&settings.api, 443),
            clock,
            largest_reply: settings.limits.largest_reply,
            read_timeout: network.read_timeout,
            is_proxied: network.proxy.is_some(),
            redactor,
            certificate: Mutex::default(),
        }
    }

    /// The server's certificate (DER) as the latest reply about the session came with it; none without TLS.
    pub(super) fn certificate(&self) -> Option<Arc<[u8]>> {
        lock(&self.certificate).clone()
    }

    /// How large a reply to a request of that path may be, in bytes.
    fn largest(&self, template: &str) -> usize {
        let is_about_login = template.starts_with("/auth/") || template == SESSION_PATH;
        if is_about_login { self.largest_reply.min(LARGEST_LOGIN_REPLY) } else { self.largest_reply }
    }

    /// Sends a request once, and reads its reply to its end.
    pub(super) async fn send(
        &self,
        client: &Client,
        request: http::Request<Full<Bytes>>,
        template: &str,
    ) -> Result<VendorReply, Failure> {
        let started = self.clock.elapsed();
        let response = client.send(request).await.map_err(|error| self.failure(&error))?;
        let largest = self.largest(template);
        if template == SESSION_PATH {
            let handshake = response.extensions().get::<Handshake>();
            *lock(&self.certificate) = handshake.and_then(|handshake| handshake.certificate.clone());
        }
        let (response, mut body) = response.into_parts();
        let encoding =
            response.headers.get(CONTENT_ENCODING).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut reply = VendorReply::without_body(&response);
        Span::current().record("status", reply.status);
        while let Some(chunk) = client.chunk(&mut body).await.map_err(|error| self.failure(&error).at(reply.status))? {
            if reply.body.len() + chunk.len() > largest {
                return Err(too_large(largest).at(reply.status));
            }
            reply.body.extend_from_slice(&chunk);
        }
        if let Some(encoding) = encoding {
            reply.body = unpack(&encoding, reply.body, largest).map_err(|failure| failure.at(reply.status))?;
        }
        let elapsed = self.clock.elapsed().saturating_sub(started);
        debug!(status = reply.status, bytes = reply.body.len(), elapsed_ms = elapsed.as_millis(), "answered");
        Ok(reply)
    }

    /// The failure for a client error, with its innermost cause.
    fn failure(&self, error: &SendError) -> Failure {
        let failure = self.meaning(error);
        debug!(code = failure.code, "no reply");
        Failure { message: sentence(&self.redactor.clean(&failure.message)), ..failure }
    }

    fn meaning(&self, error: &SendError) -> Failure {
        let server = &self.server;
        if let Some(error) = error.cause::<ConnectError>() {
            return error.failure(server, self.is_proxied);
        }
        if let SendError::TimedOut = error {
            let seconds = self.read_timeout.as_secs();
            return Failure::new("timed-out", format!("{server} sent nothing for {seconds} seconds."));
        }
        let wants_client_certificate = error.wants_client_certificate();
        if let Some(alert) = refused_in_session(error, wants_client_certificate) {
            return client_certificate_wanted(&server.to_string(), &alert);
        }
        let innermost = innermost(error);
        if error.cause::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return Failure::new("unreadable-reply", format!("{server} sent what is no HTTP reply: {innermost}"));
        }
        let hint = if wants_client_certificate { " (the server had asked for a client certificate)" } else { "" };
        Failure::new("connection-lost", format!("The connection to {server} ended early: {innermost}{hint}"))
    }
}
