//! The way to the server, stage by stage; a stage that fails ends it.

use std::future::Future;
use std::time::Duration;

use soar_connector::{Manifest, Stage, StageStatus, sentence};

use super::deadline::Deadline;
use crate::commands::{prove_session, prove_tenant};
use crate::hop::Hop;
use crate::session::{Call, Certificate, VendorSession};
use crate::vendor::Failure;

/// A certificate that ends within so many days is warned of.
const DAYS_TO_WARN: i64 = 30;

/// The account that was logged in.
#[derive(Debug)]
pub(super) struct LoggedInAccount {
    /// Its role in the vendor's words, where the server names one.
    pub(super) role: Option<String>,
    /// Whether the health check passed, and how long it took.
    pub(super) health: Result<(), Failure>,
    pub(super) latency: Duration,
}

/// Walks all stages; gives the account when a user could be logged in.
pub(super) async fn walk(
    session: &VendorSession,
    call: &mut Call<'_>,
    manifest: &Manifest,
    deadline: &Deadline,
) -> (Vec<Stage>, Option<LoggedInAccount>) {
    let mut walk = Walk { manifest, deadline, stages: Vec::new() };
    match session.proxy() {
        Some(proxy) => {
            walk.go("Proxy", reach_proxy(session, proxy)).await;
        }
        None => {
            let server = session.server();
            match server.address() {
                Some(address) => walk.skip("DNS", &format!("{address} is an address, no name.")),
                None => {
                    walk.go("DNS", resolve(session, &server)).await;
                }
            }
            walk.go("TCP", connect(session, &server)).await;
        }
    }
    if session.is_encrypted() {
        walk.go("TLS", secure(session, deadline)).await;
    } else {
        walk.skip("TLS", "The connection is plain http, which is not secured.");
    }
    let login = walk.go("Login", log_in(call)).await.and_then(Result::ok);
    let after_login = walk.stages.last().map(|stage| stage.elapsed).unwrap_or_default();
    let default_tenant = login.as_ref().and_then(|login| login.default_tenant);
    let tenant = walk.go("Tenant", act_in(default_tenant, call)).await;
    let latency = after_login + walk.stages.last().map(|stage| stage.elapsed).unwrap_or_default();
    let account = login.map(|login| LoggedInAccount { role: login.role, health: tenant.unwrap_or(Ok(())), latency });
    (walk.stages, account)
}

/// The stages gone so far.
struct Walk<'a> {
    manifest: &'a Manifest,
    deadline: &'a Deadline,
    stages: Vec<Stage>,
}

/// The result of a stage that works.
struct StageSuccess<T> {
    value: T,
    detail: String,
    /// Whether the stage passed with a warning.
    is_warning: bool,
}

impl<T> StageSuccess<T> {
    fn good(value: T, detail: String) -> Self {
        Self { value, detail, is_warning: false }
    }
}

impl Walk<'_> {
    /// Goes one stage; `None` when an earlier one failed.
    async fn go<T>(
        &mut self,
        name: &str,
        stage: impl Future<Output = Result<StageSuccess<T>, Failure>>,
    ) -> Option<Result<T, Failure>> {
        if let Some(failed) = self.stages.iter().find(|stage| stage.status == StageStatus::Failed) {
            let why = format!("Not tried, because {} failed.", failed.name);
            self.stages.push(Stage::skipped(name, why));
            return None;
        }
        let (result, elapsed) = self.deadline.hold(stage).await;
        let (status, detail, error, result) = match result {
            Ok(StageSuccess { value, detail, is_warning: false }) => (StageStatus::Passed, detail, None, Ok(value)),
            Ok(StageSuccess { value, detail, is_warning: true }) => (StageStatus::Warning, detail, None, Ok(value)),
            Err(failure) => {
                let error = self.manifest.error_tab_under(format!("{name} failed."), None, failure.clone());
                (StageStatus::Failed, error.message.clone(), Some(error), Err(failure))
            }
        };
        self.stages.push(Stage { name: name.to_owned(), status, detail: sentence(&detail), elapsed, error });
        Some(result)
    }

    fn skip(&mut self, name: &str, why: &str) {
        self.stages.push(Stage::skipped(name, why));
    }
}

async fn resolve(session: &VendorSession, server: &Hop) -> Result<StageSuccess<()>, Failure> {
    let addresses: Vec<_> = session.resolve(server).await?.iter().map(ToString::to_string).collect();
    Ok(StageSuccess::good((), format!("{} is {}.", server.host, addresses.join(", "))))
}

async fn connect(session: &VendorSession, server: &Hop) -> Result<StageSuccess<()>, Failure> {
    let address = session.connect(server).await?;
    Ok(StageSuccess::good((), format!("{address} takes connections.")))
}

async fn reach_proxy(session: &VendorSession, proxy: &Hop) -> Result<StageSuccess<()>, Failure> {
    let in_proxy = |failure: Failure| Failure { message: format!("Proxy: {}", failure.message), ..failure };
    session.resolve(proxy).await.map_err(in_proxy)?;
    let address = session.connect(proxy).await.map_err(in_proxy)?;
    Ok(StageSuccess::good(
        (),
        format!("The proxy {proxy} takes connections at {address}; it looks for the server itself."),
    ))
}

async fn secure(session: &VendorSession, deadline: &Deadline) -> Result<StageSuccess<()>, Failure> {
    let (result, handshake) = session.shake_hands(deadline.share().unwrap_or_default()).await;
    let certificate = handshake.certificate.as_deref().and_then(Certificate::read);
    let shown = certificate.as_ref().map_or_else(
        || "the certificate cannot be read.".to_owned(),
        |certificate| format!("{certificate}; it {}.", certificate.end(session.now())),
    );
    if let Err(failure) = result {
        // Which certificate it is that was not trusted says what to do about it.
        let shown = certificate.map_or_else(String::new, |_| format!(" The server shows a {shown}"));
        return Err(Failure { message: format!("{}{shown}", failure.message), ..failure });
    }
    let shown = format!("{}; {shown}", handshake.version.unwrap_or("TLS"));
    let ends_soon = certificate.is_some_and(|certificate| certificate.days_left(session.now()) < DAYS_TO_WARN);
    let unchecked = session.skips_certificate_checks();
    let detail = match (unchecked, ends_soon) {
        (true, _) => format!("{shown} Certificates are not checked (Skip Certificate Checks): it may be anybody's."),
        (false, true) => format!("{shown} Have it renewed before commands fail."),
        (false, false) => shown,
    };
    Ok(StageSuccess { value: (), detail, is_warning: unchecked || ends_soon })
}

/// The account that was logged in.
struct LoggedIn {
    role: Option<String>,
    default_tenant: Option<i64>,
}

async fn log_in(call: &mut Call<'_>) -> Result<StageSuccess<LoggedIn>, Failure> {
    let default_tenant = call.log_in_afresh().await?;
    let role = prove_session(call).await?;
    let named = role.as_ref().map_or_else(String::new, |role| format!(", role {role}"));
    let detail = format!("Logged in as {}{named}.", call.identity());
    Ok(StageSuccess::good(LoggedIn { role, default_tenant }, detail))
}

async fn act_in(default_tenant: Option<i64>, call: &mut Call<'_>) -> Result<StageSuccess<()>, Failure> {
    let tenant = prove_tenant(default_tenant, call).await?;
    Ok(StageSuccess::good((), format!("Default tenant: {tenant}.")))
}
