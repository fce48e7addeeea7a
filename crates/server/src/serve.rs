//! Listens, answers, and ends without losing what was accepted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use soar_host::Host;
use soar_host::settings::SettingsProblem;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::listening::{Listening, listen};
use super::router::Answers;
use super::tls::{self, TlsError};
use crate::Server;

/// How often expired answers are deleted, and the metrics' memory is tidied.
const UPKEEP: Duration = Duration::from_secs(60);

/// How often the audit log is told of refused calls that have no entries of their own.
const COUNTS: Duration = Duration::from_secs(10);

/// How long the last counts may take to be written when the host ends.
const LAST_COUNTS: Duration = Duration::from_secs(5);

/// Why the host cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsProblem),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("The host cannot listen on {address}: {source}. Choose another address, or end what uses it.")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server broke.
    #[error("The server ended: {0}")]
    Broken(String),
}

/// A host that is served.
#[derive(Debug)]
pub struct RunningHost {
    /// Where it listens.
    pub address: SocketAddr,
    host: Arc<Server>,
    listening: Listening,
    upkeep: Vec<JoinHandle<()>>,
    /// The task that tells the audit log of refused calls, and its end.
    counts: (watch::Sender<bool>, JoinHandle<()>),
    /// The scheduler, and what tells it to end.
    scheduler: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

/// Starts to serve `host`; returns once it listens.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(host: Arc<Host>) -> Result<RunningHost, ServeError> {
    let host = Server::new(host);
    host.settings.check()?;
    if let Some(tenants) = &host.tenants {
        tenants.check().map_err(SettingsProblem)?;
    }
    let tls = host.settings.tls.as_ref().map(tls::load).transpose()?.map(TlsAcceptor::from);
    let wanted = host.settings.listen;
    let not_listening = |source| ServeError::Listen { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(not_listening)?;
    let address = listener.local_addr().map_err(not_listening)?;
    let answers = Answers::of(Arc::clone(&host));
    let listening = listen(listener, tls, answers, &host.settings);
    let mut upkeep = vec![tokio::spawn(keep_up(Arc::clone(&host)))];
    let (stop, stopped) = watch::channel(false);
    let counts = (stop, tokio::spawn(write_counts_regularly(Arc::clone(&host), stopped)));
    upkeep.extend(host.executor.clone().map(|executor| tokio::spawn(executor.keep_going())));
    let scheduler = host.scheduler.clone().map(|scheduler| {
        let (stop, stopped) = watch::channel(false);
        (stop, tokio::spawn(scheduler.serve(stopped)))
    });
    host.settings.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    match host.store.durability_warning().await {
        Ok(warning) => warning.iter().for_each(|warning| tracing::warn!("{warning}")),
        Err(error) => tracing::warn!(%error, "the store's settings could not be read"),
    }
    tracing::info!(%address, tls = host.settings.tls.is_some(), store = %host.settings.store, "the host listens");
    Ok(RunningHost { address, host, listening, upkeep, counts, scheduler })
}

impl RunningHost {
    /// The address to call, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.host.settings.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Takes no more calls, finishes those that were accepted for as long as the settings say, and closes the store.
    ///
    /// # Errors
    /// [`ServeError::Broken`] when the server had ended before, or calls were cut off.
    pub async fn shutdown(self) -> Result<(), ServeError> {
        let timeout = Duration::from_secs(self.host.settings.shutdown_seconds);
        tracing::info!("the host ends");
        self.listening.stop(timeout);
        // Calls whose callers have gone away run in tasks of their own, and each holds a place.
        let places = self.host.settings.calls_in_flight;
        if let Some((stop, _)) = &self.scheduler {
            stop.send_replace(true);
        }
        let finished = async {
            let served = self.listening.ended().await;
            if let Some((_, scheduler)) = self.scheduler {
                let _ = scheduler.await;
            }
            let all_done = self.host.in_flight.acquire_many(places).await;
            if let Some(executor) = &self.host.executor
                && let Err(error) = executor.shutdown().await
            {
                tracing::warn!(%error, "the host could not sign off");
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
            tracing::error!("the last counts of refused calls are not in the audit log");
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
    loop {
        tokio::time::sleep(UPKEEP).await;
        host.metrics.upkeep();
        let purged = async {
            let mut transaction = host.store.transaction().await?;
            let purged = transaction.records().purge_answers(host.now()).await?;
            transaction.commit().await.map(|()| purged)
        };
        match purged.await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "expired answers were deleted"),
            Err(error) if host.store.note(&error) => {}
            Err(error) => tracing::warn!(%error, "expired answers could not be deleted"),
        }
    }
}

/// Writes to the audit log how many refused calls have no entries of their own: every few seconds, and at the end.
async fn write_counts_regularly(host: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    loop {
        let end = async {
            // A host whose handle was dropped is served on.
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let is_last = tokio::time::timeout(COUNTS, end).await.is_ok();
        write_counts(&host).await;
        host.limits.forget_idle();
        if is_last {
            return;
        }
    }
}

async fn write_counts(host: &Server) {
    let written = host.refusals.take_counts(host.now()).into_iter().map(async |entry| {
        let (address, key, told) = (entry.address.clone(), entry.key.clone(), entry.reason.clone());
        if let Err(error) = host.audit.write(entry, None).await {
            tracing::error!(%error, address, key, told, "refused calls are not in the audit log");
        }
    });
    futures_util::future::join_all(written).await;
}
