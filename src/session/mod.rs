//! The session: the only place that sends HTTP to the vendor. It logs in, keeps the token, and renews it.

mod budget;
mod call;
mod client;
mod connect;
mod encoding;
mod exchange;
mod fair_limiter;
mod kept_list;
mod list;
mod lock;
mod log_in;
mod login;
mod look_up;
mod probe;
mod rate_limit_wait;
mod reach;
mod refusal;
mod reply;
mod request_context;
mod retry;
mod sendable;
mod transport;
mod whole_list;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Clock, Manifest, read_json};
use tokio::sync::{Mutex, MutexGuard, Semaphore};

pub(crate) use budget::BudgetPool;
pub(crate) use call::Call;
pub(crate) use connect::Certificate;
pub(crate) use kept_list::KeptList;
#[cfg(any(test, fuzzing))]
pub(crate) use login::{claims, lifetime, of_reply};
pub(crate) use probe::ProbeReply;
#[cfg(any(test, fuzzing))]
pub(crate) use retry::{come_back_in, wait_asked};

use crate::settings::{ConnectionSettings, Credentials};
use crate::vendor::{DeviceForm, Endpoint, Failure, RefusalOrigin, SessionEndpoint, VendorRequest, origin};
use budget::{AccountBudget, Rejection};
use login::Login;
use refusal::is_verdict;
use reply::VendorReply;
use request_context::CommandContext;
use transport::Transport;

/// How long a rejected login is not tried again: accounts lock after a few wrong passwords.
const PAUSE_AFTER_REJECTION: Duration = Duration::from_secs(300);

/// Whether the session endpoint knows a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    LoggedIn,
    LoggedOut,
    /// It does not answer as Footprint's does.
    Unclear,
}

fn is_denial(reply: &VendorReply) -> bool {
    matches!(reply.status, 401 | 403)
}

/// One user's session with one instance, shared by all commands of a connection.
#[derive(Debug)]
pub(crate) struct VendorSession {
    settings: ConnectionSettings,
    manifest: Arc<Manifest>,
    clock: Arc<dyn Clock>,
    account: Arc<AccountBudget>,
    transport: Transport,
    /// The permits to split large replies.
    splitting: Arc<Semaphore>,
    /// Held while logging in, so that all waiting commands use the same new login.
    login: Mutex<Option<Arc<Login>>>,
}

impl VendorSession {
    pub(crate) fn new(settings: ConnectionSettings, manifest: Arc<Manifest>, pool: &BudgetPool) -> Self {
        let account = pool.account(&settings);
        let clock = Arc::clone(pool.clock());
        let client = pool.client(&settings.network);
        Self {
            transport: Transport::new(&settings, client, Arc::clone(&account), Arc::clone(&clock)),
            settings,
            manifest,
            clock,
            account,
            splitting: pool.splitting(),
            login: Mutex::new(None),
        }
    }

    /// How long a command may take unless its caller says otherwise.
    pub(crate) fn time_limit(&self) -> Duration {
        self.settings.limits.time_limit
    }

    /// The time of day.
    pub(crate) fn now(&self) -> std::time::SystemTime {
        self.clock.now()
    }

    /// Waits by the connection's clock.
    pub(crate) async fn sleep(&self, wait: Duration) {
        self.clock.sleep(wait).await;
    }

    /// Whether any server can pass for the instance.
    pub(crate) fn skips_certificate_checks(&self) -> bool {
        self.settings.network.skip_certificate_checks
    }

    /// The login at hand, once no other caller is busy with it.
    async fn hold_login(&self, context: &CommandContext) -> Result<MutexGuard<'_, Option<Arc<Login>>>, Failure> {
        self.account.fair_limiter.wait_for_login(self.login.lock(), context).await
    }

    /// The login to send with: the one at hand while its token is valid, else a renewed one.
    async fn login(&self, context: &CommandContext) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(context).await?;
        match &*held {
            Some(login) if !login.is_expiring(self.clock.now()) => Ok(Arc::clone(login)),
            _ => self.renew(&mut held, context).await,
        }
    }

    /// A new login in place of `stale`, unless another caller has already seen to it.
    async fn replace(&self, stale: &Arc<Login>, context: &CommandContext) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(context).await?;
        match &*held {
            Some(login) if !Arc::ptr_eq(login, stale) => Ok(Arc::clone(login)),
            _ => self.renew(&mut held, context).await,
        }
    }

    /// A new login with the connection's credentials, even if there is one; later commands use it too, if it succeeds.
    async fn log_in_afresh(&self, context: &CommandContext) -> Result<Arc<Login>, Failure> {
        let mut held = self.hold_login(context).await?;
        let login = Arc::new(self.log_in(context).await?);
        *held = Some(Arc::clone(&login));
        Ok(login)
    }

    /// Renews the login: by the refresh token, else by logging in again. The old login stays until a new one exists.
    async fn renew(&self, held: &mut Option<Arc<Login>>, context: &CommandContext) -> Result<Arc<Login>, Failure> {
        let refreshed = match &*held {
            Some(stale) => log_in::refresh(&self.transport, stale, self.clock.now(), context).await,
            None => None,
        };
        let login = match refreshed {
            Some(login) => login,
            None => self.log_in(context).await?,
        };
        let login = Arc::new(login);
        *held = Some(Arc::clone(&login));
        Ok(login)
    }

    async fn log_in(&self, context: &CommandContext) -> Result<Login, Failure> {
        match &self.settings.credentials {
            Credentials::ApiKey(key) => Ok(Login::with_key(key)),
            Credentials::User { name, password } => {
                self.heed_rejection()?;
                log_in::log_in(&self.transport, (name, password), self.clock.now(), context)
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
        let what = match rejection.failure.code {
            Some("login-refusal-unproven") => "was refused a short time ago, perhaps not by Footprint,",
            Some("login-refused") => "was refused by Footprint a short time ago",
            _ => "was rejected by Footprint a short time ago",
        };
        Err(Failure {
            message: format!(
                "{} The login {what} and is not tried again for {seconds} seconds, so that the account is not locked.",
                rejection.failure.message
            ),
            ..rejection.failure
        })
    }

    fn note_rejection(&self, failure: &Failure) {
        const REFUSALS: [&str; 6] = [
            "invalid-credentials",
            "login-refused",
            "login-refusal-unproven",
            "one-time-password-required",
            "single-sign-on-only",
            "no-access-token",
        ];
        if failure.code.is_some_and(|code| REFUSALS.contains(&code)) {
            let until = self.clock.elapsed() + PAUSE_AFTER_REJECTION;
            self.account.reject(&self.settings.credentials, Rejection { failure: failure.clone(), until });
        }
    }

    /// Sends a request as the logged-in user; a status that is no success is a failure.
    ///
    /// A 401 or 403 renews the login, and repeats the request once, only when the token has expired or the session
    /// endpoint says that no user is logged in: any other is about rights, and another caller's session stays as it is.
    async fn send(&self, request: &VendorRequest, context: &CommandContext) -> Result<VendorReply, Failure> {
        let mut login = self.login(context).await?;
        let mut reply = self.transport.send(request, &login, context).await?;
        let mut standing = None;
        if is_denial(&reply) {
            let has_expired = login.has_expired(self.clock.now());
            let mut found = if has_expired { Standing::LoggedOut } else { self.ask_standing(&login, context).await };
            if found == Standing::LoggedOut {
                if !login.is_renewable() {
                    let text = "The server does not know the API Key.";
                    return Err(Failure::new("invalid-credentials", text).at(reply.status));
                }
                login = self.replace(&login, context).await?;
                context.count_retry();
                reply = self.transport.send(request, &login, context).await?;
                if is_denial(&reply) {
                    found = self.ask_standing(&login, context).await;
                }
                if is_denial(&reply) && found == Standing::LoggedOut {
                    let said = self.transport.said(&reply, Some(&login));
                    return Err(Failure::new("session-ended", said).at(reply.status));
                }
            }
            standing = Some(found);
        }
        if (200..=299).contains(&reply.status) {
            return Ok(reply);
        }
        // The session endpoint can prove a login that the reply does not prove.
        let is_footprint = match standing {
            Some(standing) => standing == Standing::LoggedIn,
            None => {
                is_verdict(reply.status)
                    && origin(&reply.content_type, &reply.body) == RefusalOrigin::Unproven
                    && self.ask_standing(&login, context).await == Standing::LoggedIn
            }
        };
        Err(self.transport.refusal(&reply, Some(&login), is_footprint))
    }

    /// Proves that the server is the vendor's, for a reply that could be anybody's: its session endpoint knows the login.
    async fn vouch(&self, context: &CommandContext) -> Result<(), Failure> {
        let login = self.login(context).await?;
        match self.standing(&login, context).await? {
            Standing::LoggedIn => Ok(()),
            Standing::LoggedOut | Standing::Unclear => Err(Failure::new(
                "unexpected-reply",
                "The reply could be any product's, and the server's session endpoint does not answer as Footprint's.",
            )),
        }
    }

    /// How a reply begins, without the secrets that it may echo.
    async fn beginning(&self, reply: &VendorReply) -> String {
        let login = self.login.lock().await.clone();
        self.transport.beginning(&reply.body, login.as_deref())
    }

    /// The login's standing; unclear where the session endpoint gives no answer.
    async fn ask_standing(&self, login: &Login, context: &CommandContext) -> Standing {
        self.standing(login, context).await.unwrap_or(Standing::Unclear)
    }

    /// The standing of a login by the session endpoint's answer.
    async fn standing(&self, login: &Login, context: &CommandContext) -> Result<Standing, Failure> {
        let request = SessionEndpoint.request(DeviceForm::LATEST, &mut Vec::new());
        let reply = self.transport.send(&request, login, context).await?;
        let says: Option<serde_json::Value> = read_json(&reply.content_type, &reply.body).ok();
        let is_logged_in = says.and_then(|says| says.get("isLoggedIn")?.as_bool());
        Ok(match (reply.status, is_logged_in) {
            (200..=299, Some(true)) => Standing::LoggedIn,
            (200..=299, Some(false)) => Standing::LoggedOut,
            (401, _) if origin(&reply.content_type, &reply.body) != RefusalOrigin::WebPage => Standing::LoggedOut,
            _ => Standing::Unclear,
        })
    }
}
