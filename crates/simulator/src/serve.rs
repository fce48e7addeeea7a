//! Accepts connections, plain or TLS, and serves each over HTTP/1.1, so that an answer can also be to hang up.

use std::{convert::Infallible, sync::Arc};

use axum::{Router, body::Body, http::Request, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Marks an answer that must not be sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hangup;

/// Tells hyper to close the connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
struct HungUp;

/// Serves connections until the task is aborted, which also ends all connections.
pub(crate) async fn serve(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>) {
    let router = Arc::new(router);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tracing::trace!(%peer, "connection accepted");
                    // Small answers must not wait for the peer's acknowledgements.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "no TCP_NODELAY");
                    }
                    connections.spawn(accepted_connection(stream, Arc::clone(&router), tls.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: closing connections will mend it.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn accepted_connection(stream: TcpStream, router: Arc<Router>, tls: Option<TlsAcceptor>) {
    let Some(tls) = tls else { return connection(stream, router).await };
    match tls.accept(stream).await {
        Ok(stream) => connection(stream, router).await,
        Err(error) => tracing::debug!(%error, "no TLS connection"),
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Arc<Router>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = Router::clone(&router);
        async move {
            let answer: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
            match answer {
                Ok(answer) if answer.extensions().get::<Hangup>().is_some() => Err(HungUp),
                Ok(answer) => Ok(answer),
                Err(never) => match never {},
            }
        }
    });
    let served = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended early");
    }
}
