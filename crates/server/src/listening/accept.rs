//! Accepts connections and serves them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::Service;

use super::call::RunningCall;
use super::connection::ConnectionEnding;
use super::connections::{ConnectionSlot, OpenConnections, SWEEP};
use super::open_files;
use super::unread::IncomingBody;
use soar_host::settings::{HostSettings, HttpLimits};

/// The flow-control window of HTTP/2 in bytes.
const WINDOW: u32 = 128 * 1024;

/// The pause after the system refused to accept a connection, for instance because of the limit of open files.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// A service that answers requests, such as a router.
pub(crate) trait RequestService:
    Service<Request<IncomingBody>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> RequestService for S where
    S: Service<Request<IncomingBody>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The configuration for serving connections.
struct Serving<S> {
    http: Builder<TokioExecutor>,
    /// Answers requests.
    answers: S,
    tls: Option<TlsAcceptor>,
}

/// The task that accepts connections, and the sender that stops it.
#[derive(Debug)]
pub(crate) struct Listening {
    stop: watch::Sender<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Listening {
    /// Accepts no more connections. Closes each open connection after its calls, and all remaining connections after
    /// `timeout`.
    pub(crate) fn stop(&self, timeout: Duration) {
        self.stop.send_replace(Some(timeout));
    }

    /// Waits until the last connection has ended.
    pub(crate) async fn ended(self) -> Result<(), tokio::task::JoinError> {
        self.task.await
    }
}

/// Accepts connections and serves them within the limits in the settings.
pub(crate) fn listen<S: RequestService>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    answers: S,
    settings: &HostSettings,
) -> Listening {
    let limits = within_open_files(settings.http.clone());
    let mut http = Builder::new(TokioExecutor::new());
    // The timeout of idle connections covers heads that do not arrive.
    http.http1().header_read_timeout(None).max_buf_size(limits.head_bytes);
    http.http2()
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(limits.streams_per_connection)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let connections = OpenConnections::new(limits, settings.head_time(), &settings.trusted_proxies);
    let serving = Arc::new(Serving { http, answers, tls });
    let (stop, stopped) = watch::channel(None);
    Listening { stop, task: tokio::spawn(accept(listener, serving, connections, stopped)) }
}

/// The limits, with at most half of the allowed open files for connections. The other half is for the store and
/// connectors.
fn within_open_files(limits: HttpLimits) -> HttpLimits {
    let files = open_files::raise_limit().map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let connections = limits.connections.min(files / 2);
    if connections < limits.connections {
        tracing::warn!(
            "The host accepts {connections} connections instead of {} (http.connections), because the system allows it \
             {files} open files. Raise the limit of open files (ulimit -Hn, or LimitNOFILE of a service).",
            limits.connections
        );
    }
    let connections_without_key = limits.connections_without_key.min((connections / 2).max(1));
    HttpLimits { connections, connections_without_key, ..limits }
}

async fn accept<S: RequestService>(
    listener: TcpListener,
    serving: Arc<Serving<S>>,
    connections: Arc<OpenConnections>,
    mut stopped: watch::Receiver<Option<Duration>>,
) {
    let accepting = accept_until_stopped(listener, serving, &connections);
    let sweeping = async {
        loop {
            tokio::time::sleep(SWEEP).await;
            connections.end_overdue();
        }
    };
    let stopping = async {
        let timeout = stopped.wait_for(Option::is_some).await.map(|timeout| timeout.unwrap_or_default());
        match timeout {
            Ok(timeout) => timeout,
            // The host continues to run if its handle was dropped.
            Err(_) => std::future::pending().await,
        }
    };
    let timeout = tokio::select! {
        () = accepting => return,
        () = sweeping => return,
        timeout = stopping => timeout,
    };
    connections.end_all(timeout).await;
}

async fn accept_until_stopped<S: RequestService>(
    listener: TcpListener,
    serving: Arc<Serving<S>>,
    connections: &Arc<OpenConnections>,
) {
    let mut is_told = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                is_told = false;
                let place = connections.admit(peer.ip()).await;
                tokio::spawn(serve(stream, peer, Arc::clone(&serving), place));
            }
            // The caller went away before it was accepted.
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                if !is_told {
                    tracing::error!(%error, "The system refuses to accept further connections. The host tries again.");
                    is_told = true;
                }
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

fn is_about_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves a connection until it ends or is closed.
async fn serve<S: RequestService>(
    stream: TcpStream,
    peer: SocketAddr,
    serving: Arc<Serving<S>>,
    place: ConnectionSlot,
) {
    // Answers are written as a whole, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let served = async {
        match &serving.tls {
            None => serve_http(stream, peer, &serving, &place).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => serve_http(stream, peer, &serving, &place).await,
                Err(error) => tracing::debug!(%error, %peer, "a TLS handshake failed"),
            },
        }
    };
    tokio::select! {
        biased;
        () = place.connection.ending(ConnectionEnding::Now) => tracing::debug!(%peer, "the host closed a connection"),
        () = served => {}
    }
}

async fn serve_http<S: RequestService, T>(stream: T, peer: SocketAddr, serving: &Serving<S>, place: &ConnectionSlot)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(&place.connection));
        let call = RunningCall::begin(&place.connection);
        let (request, unread) = IncomingBody::of(request);
        let answering = serving.answers.clone().call(request);
        async move {
            let Ok(mut response) = answering.await;
            unread.settle(&mut response).await;
            Ok::<_, Infallible>(response.map(|body| call.answered(body)))
        }
    });
    let connection = serving.http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        biased;
        () = place.connection.ending(ConnectionEnding::Gently) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        ended = &mut connection => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection broke");
    }
}
