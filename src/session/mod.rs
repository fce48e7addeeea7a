//! The session: the only place that sends HTTP to the vendor. It logs in, keeps the token, and renews it.

mod call;
mod list;
mod login;
mod meter;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use soar_connector::{Manifest, Redactor};
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) use call::Call;
pub(crate) use login::Login;
pub(crate) use meter::Meter;

use crate::settings::Settings;
use crate::vendor::{Endpoint, Failure, Generation, Request, Session as WhoIsLoggedIn, Tenants, message};
use transport::{Reply, Transport};

/// How long a rejected login is not tried again: accounts lock after a few wrong passwords.
const PAUSE_AFTER_REJECTION: Duration = Duration::from_secs(300);

/// One user's session with one instance, shared by all commands of a connection.
#[derive(Debug)]
pub(crate) struct Session {
    settings: Settings,
    manifest: Arc<Manifest>,
    transport: Transport,
    redactor: Redactor,
    /// Held while logging in, so that all who wait take the one login that comes of it.
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    LoggedOut,
    LoggedIn(Arc<Login>),
    Rejected { failure: Failure, until: Instant },
}

impl Session {
    pub(crate) fn new(settings: Settings, manifest: Arc<Manifest>) -> Result<Self, reqwest::Error> {
        let mut redactor = Redactor::default();
        redactor.add(&settings.password);
        Ok(Self {
            transport: Transport::new(settings.api.clone())?,
            settings,
            manifest,
            redactor,
            state: Mutex::new(State::LoggedOut),
        })
    }

    /// The login to send with: the one at hand while its token is valid, else a renewed one.
    async fn login(&self, meter: &Meter) -> Result<Arc<Login>, Failure> {
        let mut state = self.state.lock().await;
        match &*state {
            State::LoggedIn(login) if !login.is_expiring() => Ok(Arc::clone(login)),
            _ => self.renew(&mut state, meter).await,
        }
    }

    /// A new login in place of `stale`, unless another caller has already seen to it.
    async fn replace(&self, stale: &Arc<Login>, meter: &Meter) -> Result<Arc<Login>, Failure> {
        let mut state = self.state.lock().await;
        match &*state {
            State::LoggedIn(login) if !Arc::ptr_eq(login, stale) => Ok(Arc::clone(login)),
            _ => self.renew(&mut state, meter).await,
        }
    }

    /// A login with user name and password, whatever is at hand; later commands use it too.
    pub(crate) async fn log_in_afresh(&self, meter: &Meter) -> Result<Arc<Login>, Failure> {
        let mut state = self.state.lock().await;
        if matches!(&*state, State::LoggedIn(_)) {
            *state = State::LoggedOut;
        }
        self.renew(&mut state, meter).await
    }

    async fn renew(&self, state: &mut State, meter: &Meter) -> Result<Arc<Login>, Failure> {
        let renewed = match &*state {
            State::Rejected { failure, until } if Instant::now() < *until => {
                let seconds = until.duration_since(Instant::now()).as_secs() + 1;
                return Err(Failure {
                    message: format!(
                        "{} The login was rejected a short time ago and is not tried again for {seconds} seconds, so that the account is not locked.",
                        failure.message
                    ),
                    ..failure.clone()
                });
            }
            State::LoggedIn(stale) => login::refresh(&self.transport, stale, meter).await,
            _ => None,
        };
        let login = match renewed {
            Some(login) => Ok(login),
            None => login::log_in(&self.transport, &self.settings, &self.redactor, meter).await,
        };
        match login {
            Ok(login) => {
                let login = Arc::new(login);
                *state = State::LoggedIn(Arc::clone(&login));
                Ok(login)
            }
            Err(failure) => {
                *state = if failure.code == Some("invalid-credentials") {
                    State::Rejected { failure: failure.clone(), until: Instant::now() + PAUSE_AFTER_REJECTION }
                } else {
                    State::LoggedOut
                };
                Err(failure)
            }
        }
    }

    /// Sends a request as the logged-in user; a status that is no success is a failure.
    ///
    /// A 401 renews the login, and repeats the request once, only when the token has expired or the session endpoint
    /// says that nobody is logged in: any other 401 is about rights, and another caller's session stays as it is.
    async fn send(&self, request: &Request, tenant: Option<i64>, meter: &Meter) -> Result<Reply, Failure> {
        let login = self.login(meter).await?;
        let mut reply = self.transport.send(request, &login, tenant, meter).await?;
        if reply.status == 401 && (login.has_expired() || self.has_ended(&login, meter).await?) {
            let login = self.replace(&login, meter).await?;
            meter.count_retry();
            reply = self.transport.send(request, &login, tenant, meter).await?;
        }
        self.succeeded(reply)
    }

    fn succeeded(&self, reply: Reply) -> Result<Reply, Failure> {
        match (reply.status, &reply.location) {
            (200..=299, _) => Ok(reply),
            (300..=399, Some(location)) => {
                let target = self.redactor.clean(location);
                Err(Failure::of_status(
                    reply.status,
                    soar_connector::sentence(&format!(
                        "The server sent the request on to {}",
                        soar_connector::name::quoted(&target)
                    )),
                ))
            }
            (status, _) => {
                let said = message(status, &reply.body);
                Err(Failure::of_status(status, self.redactor.clean(&said).into_owned()))
            }
        }
    }

    /// Whether the session endpoint says that nobody is logged in with this token.
    async fn has_ended(&self, login: &Login, meter: &Meter) -> Result<bool, Failure> {
        let request = WhoIsLoggedIn.request(Generation::Current, &mut Vec::new());
        let reply = self.transport.send(&request, login, None, meter).await?;
        let says_ended = serde_json::from_slice::<serde_json::Value>(&reply.body)
            .ok()
            .and_then(|body| body.get("isLoggedIn").and_then(serde_json::Value::as_bool))
            == Some(false);
        Ok(reply.status == 401 || (reply.status == 200 && says_ended))
    }

    /// The instance's generation: found out once a login, from the shape of its smallest list of tenants.
    async fn generation(&self, tenant: Option<i64>, meter: &Meter) -> Result<Generation, Failure> {
        let login = self.login(meter).await?;
        login
            .generation
            .get_or_try_init(|| async {
                // The list of tenants looks the same to both generations but for its answer.
                let mut request = Tenants.request(Generation::Current, &mut Vec::new());
                request.query.push(("size", "1".to_owned()));
                let reply = self.send(&request, tenant, meter).await?;
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
