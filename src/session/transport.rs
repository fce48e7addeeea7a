//! Composes requests, and sends each until it is answered or given up, within the account's budget.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::Method;
use http::header::{self, COOKIE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use soar_connector::{Clock, Step};
use tracing::{Instrument as _, debug, debug_span, field};
use url::Url;

use super::budget::AccountBudget;
use super::client::Client;
use super::connect::Handshake;
use super::exchange::Exchange;
use super::fair_limiter::QueueKey;
use super::lock::lock;
use super::login::{Login, RequestCredential};
use super::reply::{VendorReply, XSRF_COOKIE};
use super::request_context::CommandContext;
use super::retry::{Next, Repeat, Retry, come_back_in};
use super::sendable::Sendable;
use crate::hop::Hop;
use crate::settings::ConnectionSettings;
use crate::vendor::{Failure, SESSION_PATH, VendorRequest};

const TENANT_HEADER: HeaderName = HeaderName::from_static("footprinttenantid");
const API_KEY_HEADER: HeaderName = HeaderName::from_static("footprintapikey");
const XSRF_HEADER: HeaderName = HeaderName::from_static("x-xsrf-token");

/// The HTTP client of one session.
pub(super) struct Transport {
    client: Arc<Client>,
    api: Url,
    account: Arc<AccountBudget>,
    clock: Arc<dyn Clock>,
    pub(super) exchange: Exchange,
}

impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client would print the password of a proxy.
        formatter.debug_struct("Transport").field("api", &self.api.as_str()).finish_non_exhaustive()
    }
}

impl Transport {
    pub(super) fn new(
        settings: &ConnectionSettings,
        client: Arc<Client>,
        account: Arc<AccountBudget>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let exchange = Exchange::new(settings, Arc::clone(&clock));
        Self { client, api: settings.api.clone(), account, clock, exchange }
    }

    /// Sends a request with the login's token or key, for the context's tenant, else the login's default one, else the
    /// server's choice.
    pub(super) async fn send(
        &self,
        request: &VendorRequest,
        login: &Login,
        context: &CommandContext,
    ) -> Result<VendorReply, Failure> {
        let mut headers = HeaderMap::new();
        match &login.access {
            RequestCredential::Token(token) => {
                headers.insert(header::AUTHORIZATION, secret_header("Bearer ", token)?);
            }
            RequestCredential::ApiKey(key) => {
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
        context: &CommandContext,
    ) -> Result<VendorReply, Failure> {
        let sent = Sendable::new(Method::POST, &self.address(path), HeaderMap::new(), Some(body))?;
        self.attempt(&self.client, &sent, (Repeat::CountsAsLogin, QueueKey::Login), path, None, context).await
    }

    /// Asks the session endpoint on a new connection without credentials; gives the reply and the TLS handshake.
    pub(super) async fn greet(&self, context: &CommandContext) -> (Result<VendorReply, Failure>, Handshake) {
        let notes = Arc::new(Mutex::default());
        let client = self.client.noting(Arc::clone(&notes));
        let queue = (Repeat::Harmless, QueueKey::Tenant(context.tenant));
        let reply = match Sendable::new(Method::GET, &self.address(SESSION_PATH), HeaderMap::new(), None) {
            Ok(sent) => self.attempt(&client, &sent, queue, SESSION_PATH, None, context).await,
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
    pub(super) fn address_length(&self, request: &VendorRequest) -> usize {
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
        context: &CommandContext,
    ) -> Result<VendorReply, Failure> {
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
            let attempt = self.exchange.send(client, sent.request(), template).instrument(span).await;
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
}

fn secret_header(before: &str, secret: &SecretString) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(&format!("{before}{}", secret.expose_secret())).map_err(|_| {
        Failure::new("no-access-token", "The server's token holds characters that cannot be sent back.")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
