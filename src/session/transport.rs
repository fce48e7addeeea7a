//! Sends one request until it is answered or given up, within the account's budget, and reads its reply within bounds.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use http::header::{
    self, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION,
    RETRY_AFTER, SET_COOKIE,
};
use http_body_util::Full;
use hyper::body::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use soar_connector::{Clock, Redactor, Step, sentence};
use tracing::{Instrument as _, Span, debug, debug_span, field};
use url::Url;

use super::budget::Account;
use super::client::{Client, SendError};
use super::connect::{ConnectError, Handshake, client_certificate_wanted, innermost, refused_in_session};
use super::encoding::{too_large, unpack};
use super::fair_limiter::QueueKey;
use super::lock::lock;
use super::login::{Access, Login};
use super::reply::Reply;
use super::request_context::RequestContext;
use super::retry::{Next, Repeat, Retry, come_back_in};
use super::sendable::Sendable;
use crate::hop::Hop;
use crate::settings::Settings;
use crate::vendor::{Failure, Request};

const TENANT_HEADER: HeaderName = HeaderName::from_static("footprinttenantid");
const API_KEY_HEADER: HeaderName = HeaderName::from_static("footprintapikey");
const XSRF_HEADER: HeaderName = HeaderName::from_static("x-xsrf-token");
const XSRF_COOKIE: &str = "XSRF-TOKEN";

/// Answers everybody, on all instances.
const SESSION: &str = "/common/auth/session/";

/// Bodies are read into memory of this size at first, however large they say they are.
const FIRST_CAPACITY: usize = 1024 * 1024;

/// What a login or the session endpoint sends at most, in bytes: it is parsed whole, which takes many times its size.
const LARGEST_LOGIN_REPLY: usize = 1024 * 1024;

/// The HTTP client of one session.
pub(super) struct Transport {
    client: Arc<Client>,
    api: Url,
    account: Arc<Account>,
    clock: Arc<dyn Clock>,
    largest_reply: usize,
    read_timeout: Duration,
    is_proxied: bool,
    /// Knows the secrets of the connection's settings.
    pub(super) redactor: Redactor,
    /// The server's certificate (DER).
    certificate: Mutex<Option<Arc<[u8]>>>,
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client would print the password of a proxy.
        formatter.debug_struct("Transport").field("api", &self.api.as_str()).finish_non_exhaustive()
    }
}

impl Transport {
    pub(super) fn new(settings: &Settings, client: Arc<Client>, account: Arc<Account>, clock: Arc<dyn Clock>) -> Self {
        let network = &settings.network;
        let mut redactor = Redactor::default();
        redactor.add(settings.credentials.secret());
        if let Some(password) = network.proxy.as_ref().and_then(|proxy| proxy.password.as_ref()) {
            redactor.add(password);
        }
        Self {
            client,
            api: settings.api.clone(),
            account,
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

    /// Sends a request with the login's token or key, for the context's tenant, else the login's default one, else the
    /// server's choice.
    pub(super) async fn send(
        &self,
        request: &Request,
        login: &Login,
        context: &RequestContext,
    ) -> Result<Reply, Failure> {
        let mut headers = HeaderMap::new();
        match &login.access {
            Access::Token(token) => {
                headers.insert(header::AUTHORIZATION, secret_header("Bearer ", token)?);
            }
            Access::ApiKey(key) => {
                headers.insert(API_KEY_HEADER, secret_header("", key)?);
            }
        }
        if let Some(tenant) = context.tenant.or(login.default_tenant) {
            headers.insert(TENANT_HEADER, HeaderValue::from(tenant));
        }
        if let Some(token) = login.xsrf_token.as_ref().filter(|_| request.is_write()) {
            headers.insert(XSRF_HEADER, secret_header("", token)?);
            headers.insert(COOKIE, secret_header(&format!("{XSRF_COOKIE}="), token)?);
        }
        let repeat = if request.is_write() { Repeat::Harmful } else { Repeat::Harmless };
        let mut url = self.address(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let sent = Sendable::new(request.method.clone(), &url, headers, request.body.as_ref())?;
        let queue = QueueKey::Tenant(context.tenant);
        self.attempt(&self.client, &sent, (repeat, queue), request.template, Some(login), context).await
    }

    /// Posts credentials; the only request without a login.
    pub(super) async fn post(
        &self,
        path: &'static str,
        body: &Value,
        context: &RequestContext,
    ) -> Result<Reply, Failure> {
        let sent = Sendable::new(Method::POST, &self.address(path), HeaderMap::new(), Some(body))?;
        self.attempt(&self.client, &sent, (Repeat::CountsAsLogin, QueueKey::Login), path, None, context).await
    }

    /// Asks the session endpoint on a new connection without credentials; gives the reply and the TLS handshake.
    pub(super) async fn greet(&self, context: &RequestContext) -> (Result<Reply, Failure>, Handshake) {
        let notes = Arc::new(Mutex::default());
        let client = self.client.noting(Arc::clone(&notes));
        let queue = (Repeat::Harmless, QueueKey::Tenant(context.tenant));
        let reply = match Sendable::new(Method::GET, &self.address(SESSION), HeaderMap::new(), None) {
            Ok(sent) => self.attempt(&client, &sent, queue, SESSION, None, context).await,
            Err(failure) => Err(failure),
        };
        let handshake = lock(&notes).clone();
        (reply, handshake)
    }

    /// Connects to one hop with TCP alone; says which of its addresses answered.
    pub(super) async fn reach(&self, hop: &Hop) -> Result<SocketAddr, Failure> {
        self.client.dialer().reach(hop).await.map_err(|error| error.failure(hop, false))
    }

    /// How many bytes the address of a request has.
    pub(super) fn address_length(&self, request: &Request) -> usize {
        let mut url = self.address(&request.path);
        url.query_pairs_mut().extend_pairs(&request.query);
        url.as_str().len()
    }

    fn address(&self, path: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(&format!("{}{path}", self.api.path()));
        url
    }

    /// Sends a request, again where that helps and does no harm, until it is answered or time is up.
    async fn attempt(
        &self,
        client: &Client,
        sent: &Sendable,
        (repeat, queue): (Repeat, QueueKey),
        template: &'static str,
        login: Option<&Login>,
        context: &RequestContext,
    ) -> Result<Reply, Failure> {
        let mut retry = Retry::new(repeat, context.waits_for_rate_limit);
        let mut attempts = 0_u32;
        loop {
            self.account.fair_limiter.refuse_during_pause(context)?;
            let Some(permit) = self.account.fair_limiter.pass(queue).await else { continue };
            attempts += 1;
            let number = context.count_request();
            let method = &sent.method;
            let span =
                debug_span!("request", %method, path = template, number, attempt = attempts, status = field::Empty);
            let attempt = self.exchange(client, sent.request(), template).instrument(span).await;
            let now = self.clock.now();
            if let Ok(reply) = &attempt
                && let (429 | 503, Some(wait)) = (reply.status, reply.retry_after(now))
            {
                self.account.fair_limiter.close_for(wait);
            }
            drop(permit);
            match retry.after(&attempt, now, context.time_left()) {
                Next::Stop => return attempt,
                Next::Again(wait) => {
                    debug!(path = template, wait_ms = wait.as_millis(), "the request is sent again");
                    context.count_retry();
                    if queue == QueueKey::Login && attempt.as_ref().is_ok_and(|reply| reply.status == 429) {
                        self.account.fair_limiter.rest_logins_for(wait);
                    }
                    let asked = attempt.as_ref().ok().and_then(|reply| reply.retry_after(now)).is_some();
                    context.progress.tell(Step::Waiting { wait, asked });
                    self.clock.sleep(wait).await;
                }
                Next::ComeBackIn(wait) => {
                    let (status, said) = match &attempt {
                        Ok(reply) => (Some(reply.status), self.said(reply, login)),
                        Err(failure) => (failure.status, failure.message.clone()),
                    };
                    return Err(come_back_in(wait, status, &said, now));
                }
            }
        }
    }

    /// How large a reply to a request of that path may be, in bytes.
    fn largest(&self, template: &str) -> usize {
        let is_about_login = template.starts_with("/auth/") || template == SESSION;
        if is_about_login { self.largest_reply.min(LARGEST_LOGIN_REPLY) } else { self.largest_reply }
    }

    async fn exchange(
        &self,
        client: &Client,
        request: http::Request<Full<Bytes>>,
        template: &str,
    ) -> Result<Reply, Failure> {
        let started = self.clock.elapsed();
        let response = client.send(request).await.map_err(|error| self.failure(&error))?;
        let largest = self.largest(template);
        if template == SESSION {
            let handshake = response.extensions().get::<Handshake>();
            *lock(&self.certificate) = handshake.and_then(|handshake| handshake.certificate.clone());
        }
        let (response, mut body) = response.into_parts();
        let headers = &response.headers;
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let announced = text(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok()).unwrap_or(0);
        let encoding = text(CONTENT_ENCODING);
        let mut reply = Reply {
            status: response.status.as_u16(),
            content_type: text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
            location: text(LOCATION),
            retry_after: text(RETRY_AFTER),
            xsrf_token: xsrf_token(headers),
            body: Vec::with_capacity(announced.min(FIRST_CAPACITY)),
        };
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

    /// What a client error means to the user, with its innermost cause.
    fn failure(&self, error: &SendError) -> Failure {
        let server = Hop::of(&self.api, 443);
        let failure = self.meaning(error, &server);
        debug!(code = failure.code, "no reply");
        Failure { message: sentence(&self.redactor.clean(&failure.message)), ..failure }
    }

    fn meaning(&self, error: &SendError, server: &Hop) -> Failure {
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
