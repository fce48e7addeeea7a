//! Serves a host, and shuts it down after finishing accepted calls.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use soar_host::settings::SettingsProblem;
use soar_host::tls::TlsError;
use soar_host::{EvenClock, Host};
use soar_store::model::AuditEntry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::listening::{Listening, listen};
use super::router::{Answers, PageRoutes};
use super::tls;
use crate::Server;

/// The interval between deletions of expired answers.
const UPKEEP: Duration = Duration::from_secs(60);

/// The interval between audit entries for counted refusals.
const COUNTS: Duration = Duration::from_secs(10);

/// The number of counted refusals that wait while the store fails. Further ones are in the log only.
const MOST_WAITING_COUNTS: usize = 10_000;

/// The timeout for the last counted refusals at a shutdown.
const LAST_COUNTS: Duration = Duration::from_secs(5);

/// The reason for which the host cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsProblem),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The host cannot listen on the address.
    #[error("The host cannot listen on {address}: {source}. Choose another address, or stop the program that uses it.")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The server ended unexpectedly.
    #[error("The server ended: {0}")]
    Broken(String),
}

/// A running server of a host.
#[derive(Debug)]
pub struct RunningHost {
    /// The address of the listener.
    pub address: SocketAddr,
    host: Arc<Server>,
    listening: Listening,
    upkeep: Vec<JoinHandle<()>>,
    /// The task that writes counted refusals to the audit log, and the sender that stops it.
    counts: (watch::Sender<bool>, JoinHandle<()>),
    /// The task of the scheduler, and the sender that stops it.
    scheduler: Option<(watch::Sender<bool>, JoinHandle<()>)>,
    /// The task that collects and delivers findings, and the sender that stops it.
    findings: (watch::Sender<bool>, JoinHandle<()>),
    /// The task that follows work in products, and the sender that stops it.
    followed: (watch::Sender<bool>, JoinHandle<()>),
}

/// Starts to serve `host`. Returns once the host listens.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(host: Arc<Host>) -> Result<RunningHost, ServeError> {
    serve_with_pages(host, None).await
}

/// As [`serve`], with the pages that `pages` returns. They share the listener, its limits and its TLS with the APIs.
///
/// # Errors
/// [`ServeError`].
pub async fn serve_with_pages(host: Arc<Host>, pages: Option<PageRoutes>) -> Result<RunningHost, ServeError> {
    let host = Server::new(host);
    host.settings.check()?;
    if let Some(tenants) = &host.tenants {
        tenants.check().map_err(SettingsProblem)?;
    }
    let tls = host.settings.tls.as_ref().map(tls::acceptor).transpose()?;
    let wanted = host.settings.listen;
    let not_listening = |source| ServeError::Listen { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(not_listening)?;
    let address = listener.local_addr().map_err(not_listening)?;
    host.operations.public_address.note_listening(address);
    let answers = Answers::of(Arc::clone(&host), pages);
    let listening = listen(listener, tls, answers, &host.settings);
    let mut upkeep = vec![tokio::spawn(keep_up(Arc::clone(&host)))];
    let (stop, stopped) = watch::channel(false);
    let counts = (stop, tokio::spawn(write_counts_regularly(Arc::clone(&host), stopped)));
    upkeep.extend(host.executor.clone().map(|executor| tokio::spawn(executor.keep_going())));
    let scheduler = host.scheduler.clone().map(|scheduler| {
        let (stop, stopped) = watch::channel(false);
        (stop, tokio::spawn(scheduler.serve(stopped)))
    });
    let (stop, stopped) = watch::channel(false);
    let findings = (stop, tokio::spawn(Arc::clone(&host.host).serve_findings(stopped)));
    let (stop, stopped) = watch::channel(false);
    let followed = (stop, tokio::spawn(Arc::clone(&host.host).serve_followed_runs(stopped)));
    host.settings.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    match host.store.durability_warning().await {
        Ok(warning) => warning.iter().for_each(|warning| tracing::warn!("{warning}")),
        Err(error) => tracing::warn!(%error, "the store's settings could not be read"),
    }
    tracing::info!(%address, tls = host.settings.tls.is_some(), store = %host.settings.store, "the host listens");
    Ok(RunningHost { address, host, listening, upkeep, counts, scheduler, findings, followed })
}

impl RunningHost {
    /// The address to call, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.host.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Accepts no more calls, finishes accepted calls within the time in the settings, and closes the store.
    ///
    /// # Errors
    /// [`ServeError::Broken`] when the server had ended unexpectedly, or calls did not finish in time.
    pub async fn shutdown(self) -> Result<(), ServeError> {
        let timeout = Duration::from_secs(self.host.settings.shutdown_seconds);
        tracing::info!("the host shuts down");
        self.host.ending.send_replace(true);
        self.listening.stop(timeout);
        // Calls without a waiting caller run in tasks of their own. Each of them holds a permit.
        let places = self.host.settings.calls_in_flight;
        if let Some((stop, _)) = &self.scheduler {
            stop.send_replace(true);
        }
        self.findings.0.send_replace(true);
        self.followed.0.send_replace(true);
        if let Some(executor) = &self.host.executor {
            executor.stop_waiting();
        }
        let finished = async {
            let served = self.listening.ended().await;
            let _ = self.findings.1.await;
            let _ = self.followed.1.await;
            if let Some((_, scheduler)) = self.scheduler {
                let _ = scheduler.await;
            }
            let all_done = self.host.in_flight.acquire_many(places).await;
            if let Some(executor) = &self.host.executor
                && let Err(error) = executor.shutdown().await
            {
                tracing::warn!(%error, "the host's lease could not be deleted");
            }
            (served, all_done.is_ok())
        };
        let outcome = tokio::time::timeout(timeout + Duration::from_secs(1), finished).await;
        if let (Err(_), Some(executor)) = (&outcome, &self.host.executor) {
            executor.cancel_all();
        }
        self.upkeep.iter().for_each(JoinHandle::abort);
        let (stop, mut counts) = self.counts;
        stop.send_replace(true);
        if tokio::time::timeout(LAST_COUNTS, &mut counts).await.is_err() {
            counts.abort();
            tracing::error!("the last counted refusals could not be written to the audit log in time");
        }
        self.host.store.close().await;
        match outcome {
            Ok((Ok(()), _)) => Ok(()),
            Ok((Err(error), _)) => Err(ServeError::Broken(error.to_string())),
            Err(_) => Err(ServeError::Broken(format!("calls still ran after {} seconds", timeout.as_secs()))),
        }
    }
}

async fn keep_up(host: Arc<Server>) {
    let mut clock = EvenClock::default();
    loop {
        tokio::time::sleep(UPKEEP).await;
        match host.purge_answers(&mut clock).await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "expired answers were deleted"),
            Err(error) if host.store.note(&error) => {}
            Err(error) => tracing::warn!(%error, "expired answers could not be deleted"),
        }
    }
}

/// Writes counted refusals to the audit log every few seconds, and at the end.
async fn write_counts_regularly(host: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    let mut waiting = Vec::new();
    loop {
        let end = async {
            // The host continues to run if its handle was dropped.
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let is_last = tokio::time::timeout(COUNTS, end).await.is_ok();
        waiting.extend(host.refusals.take_counts(host.now()));
        waiting = write_counts(&host, waiting).await;
        // Entries that the store did not take wait for the next time.
        let kept = if is_last { 0 } else { MOST_WAITING_COUNTS };
        for AuditEntry { address, key, reason, .. } in waiting.drain(kept.min(waiting.len())..) {
            tracing::error!(address, key, told = reason, "refused calls are not in the audit log");
        }
        host.limits.forget_idle();
        host.visits.forget_idle();
        if is_last {
            return;
        }
    }
}

/// Writes the entries; those that could not be written.
async fn write_counts(host: &Server, entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    let written = entries.into_iter().map(async |entry| match host.audit.write(entry.clone(), None).await {
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, "a count of refused calls waits for the audit log");
            Some(entry)
        }
    });
    futures_util::future::join_all(written).await.into_iter().flatten().collect()
}
