//! The session: the only place that sends HTTP to the vendor. It logs in, keeps the token, and renews it.

mod budget;
mod call;
mod client;
mod errand;
mod list;
mod login;
mod patience;
mod probe;
mod reach;
mod retry;
mod transport;
mod turnstile;
mod whole_list;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Clock, Manifest};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use budget::BudgetPool;
pub(crate) use call::Call;
#[cfg(any(test, fuzzing))]
pub(crate) use login::{claims, lifetime, of_reply};
pub(crate) use probe::Answer;
pub(crate) use reach::Hop;
#[cfg(any(test, fuzzing))]
pub(crate) use retry::{come_back_in, wait_asked};

use crate::settings::{Credentials, Settings};
use crate::vendor::{Endpoint, Failure, Generation, Request, Session as WhoIsLoggedIn, Tenants};
use budget::{Account, Rejection};
use errand::Errand;
use login::Login;
use transport::{Reply, Transport};

/// How long a rejected login is not tried again: accounts lock after a few wrong passwords.
const PAUSE_AFTER_REJECTION: Duration = Duration::from_secs(300);

/// One user's session with one instance, shared by all commands of a connection.
#[derive(Debug)]
pub(crate) struct Session {
    settings: Settings,
    manifest: Arc<Manifest>,
    clock: Arc<dyn Clock>,
    account: Arc<Account>,
    transport: Transport,
    /// Held while logging in, so that all who wait take the one login that comes of it.
    login: Mutex<Option<Arc<Login>>>,
}

impl Session {
    pub(crate) fn new(settings: Settings, manifest: Arc<Manifest>, pool: &BudgetPool) -> Result<Self, reqwest::Error> {
        let account = pool.account(&settings);
        let clock = Arc::clone(pool.clock());
        Ok(Self {
            transport: Transport::new(
                &settings,
                pool.client(&settings.network)?,
                Arc::clone(&account),
                Arc::clone(&clock),
            ),
            settings,
            manifest,
            clock,
            account,
            login: Mutex::new(None),
        })
    }

    /// How long a command may take unless its caller says otherwise.
    pub(crate) fn time_limit(&self) -> Duration {
        self.settings.limits.time_limit
    }

    /// The time of day.
    pub(crate) fn now(&self) -> std::time::SystemTime {
        self.clock.now()
    }

    /// Whether any server can pass for the instance.
    pub(crate) fn skips_certificate_checks(&self) -> bool {
        self.settings.network.skip_certificate_checks
    }

    /// The login at hand, once no other caller is busy with it.
    async fn hold_login(&self, errand: &Errand) -> Result<MutexGuard<'_, Option<Arc<Login>>>, Failure> {
        self.account.turnstile.wait_for_login(self.login.lock(), errand).await
    }

    /// The login to send with: the one at hand while its token is valid, else a renewed one.
    async fn login(&self, errand: &Errand) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(errand).await?;
        match &*held {
            Some(login) if !login.is_expiring(self.clock.now()) => Ok(Arc::clone(login)),
            _ => self.renew(&mut held, errand).await,
        }
    }

    /// A new login in place of `stale`, unless another caller has already seen to it.
    async fn replace(&self, stale: &Arc<Login>, errand: &Errand) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(errand).await?;
        match &*held {
            Some(login) if !Arc::ptr_eq(login, stale) => Ok(Arc::clone(login)),
            _ => self.renew(&mut held, errand).await,
        }
    }

    /// A login with the connection's credentials, whatever is at hand; later commands use it too, if it succeeds.
    async fn log_in_afresh(&self, errand: &Errand) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(errand).await?;
        let login = Arc::new(self.log_in(errand).await?);
        *held = Some(Arc::clone(&login));
        Ok(login)
    }

    /// Renews the login at hand, by its refresh token first, else by logging in. What is at hand is given up only for
    /// something better.
    async fn renew(&self, held: &mut Option<Arc<Login>>, errand: &Errand) -> Result<Arc<Login>, Failure> {
        let refreshed = match &*held {
            Some(stale) => login::refresh(&self.transport, stale, self.clock.now(), errand).await,
            None => None,
        };
        let login = match refreshed {
            Some(login) => login,
            None => self.log_in(errand).await?,
        };
        let login = Arc::new(login);
        *held = Some(Arc::clone(&login));
        Ok(login)
    }

    async fn log_in(&self, errand: &Errand) -> Result<Login, Failure> {
        match &self.settings.credentials {
            Credentials::ApiKey(key) => Ok(Login::with_key(key)),
            Credentials::User { name, password } => {
                self.heed_rejection()?;
                login::log_in(&self.transport, (name, password), self.clock.now(), errand)
                    .await
                    .inspect_err(|failure| self.note_rejection(failure))
            }
        }
    }

    /// Refuses to try again what the server rejected a short time ago.
    fn heed_rejection(&self) -> Result<(), Failure> {
        let now = self.clock.elapsed();
        let Some(rejection) = self.account.rejection(&self.settings.credentials, now) else {
            return Ok(());
        };
        let seconds = rejection.until.saturating_sub(now).as_secs().max(1);
        Err(Failure {
            message: format!(
                "{} The login was rejected a short time ago and is not tried again for {seconds} seconds, so that the account is not locked.",
                rejection.failure.message
            ),
            ..rejection.failure
        })
    }

    fn note_rejection(&self, failure: &Failure) {
        const REFUSALS: [&str; 4] =
            ["invalid-credentials", "one-time-password-required", "single-sign-on-only", "no-access-token"];
        if failure.code.is_some_and(|code| REFUSALS.contains(&code)) {
            let until = self.clock.elapsed() + PAUSE_AFTER_REJECTION;
            self.account.reject(&self.settings.credentials, Rejection { failure: failure.clone(), until });
        }
    }

    /// Sends a request as the logged-in user; a status that is no success is a failure.
    ///
    /// A 401 renews the login, and repeats the request once, only when the token has expired or the session endpoint
    /// says that nobody is logged in: any other 401 is about rights, and another caller's session stays as it is.
    async fn send(&self, request: &Request, errand: &Errand) -> Result<Reply, Failure> {
        let mut login = self.login(errand).await?;
        let mut reply = self.transport.send(request, &login, errand).await?;
        if reply.status == 401 && (login.has_expired(self.clock.now()) || self.has_ended(&login, errand).await?) {
            if !login.is_renewable() {
                return Err(Failure::new("invalid-credentials", "The server does not know the API Key.").at(401));
            }
            login = self.replace(&login, errand).await?;
            errand.count_retry();
            reply = self.transport.send(request, &login, errand).await?;
        }
        match reply.status {
            200..=299 => Ok(reply),
            _ => Err(self.transport.refusal(&reply, Some(&login))),
        }
    }

    /// Proves that the server is the vendor's, for a reply that could be anybody's: its session endpoint knows the login.
    async fn vouch(&self, errand: &Errand) -> Result<(), Failure> {
        let request = WhoIsLoggedIn.request(Generation::Current, &mut Vec::new());
        let reply = self.send(&request, errand).await?;
        let session: Option<serde_json::Value> = serde_json::from_slice(&reply.body).ok();
        let logged_in = session.and_then(|session| session.get("isLoggedIn")?.as_bool());
        if logged_in == Some(true) {
            return Ok(());
        }
        Err(Failure::new(
            "unexpected-reply",
            "The reply could be any product's, and the server's session endpoint does not answer as Footprint's.",
        ))
    }

    /// Whether the session endpoint says that nobody is logged in with this token.
    async fn has_ended(&self, login: &Login, errand: &Errand) -> Result<bool, Failure> {
        let request = WhoIsLoggedIn.request(Generation::Current, &mut Vec::new());
        let reply = self.transport.send(&request, login, errand).await?;
        let says_ended = serde_json::from_slice::<serde_json::Value>(&reply.body)
            .ok()
            .and_then(|body| body.get("isLoggedIn").and_then(serde_json::Value::as_bool))
            == Some(false);
        Ok(reply.status == 401 || (reply.status == 200 && says_ended))
    }

    /// The instance's generation: found out once a login, from the shape of its smallest list of tenants.
    async fn generation(&self, errand: &Errand) -> Result<Generation, Failure> {
        let login = self.login(errand).await?;
        login
            .generation
            .get_or_try_init(|| async {
                // The list of tenants looks the same to both generations but for its answer.
                let mut request = Tenants.request(Generation::Current, &mut Vec::new());
                request.query.push(("size", "1".to_owned()));
                let reply = self.send(&request, errand).await?;
                Generation::of_tenants_reply(&String::from_utf8_lossy(&reply.body)).ok_or_else(|| {
                    Failure::new(
                        "unexpected-reply",
                        "The server's list of tenants is neither an array nor a page, so it is no Footprint instance.",
                    )
                })
            })
            .await
            .copied()
    }
}
