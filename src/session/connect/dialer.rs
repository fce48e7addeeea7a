//! Makes connections to the server as the network settings want them.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tower::Service;

use super::error::{ConnectError, ConnectStep, Peer, innermost};
use super::recording_verifier::Handshake;
use super::stream::{ByteStream, ServerStream};
use super::tls::Tls;
use super::{proxy, socks};
use crate::hop::Hop;
use crate::session::lock::lock;
use crate::settings::{Network, ProxyKind, ProxyServer};

/// Interval of the probes on an idle connection, so that a dead connection is not used.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Connects to servers: directly, or through the proxy of the settings.
#[derive(Clone)]
pub(in crate::session) struct Dialer {
    shared: Arc<DialerParts>,
    /// Where the latest handshake with a server is noted, for a diagnosis.
    notes: Option<Arc<Mutex<Handshake>>>,
}

struct DialerParts {
    tcp: HttpConnector,
    tls: Tls,
    proxy: Option<ProxyServer>,
    connect_timeout: Duration,
}

impl Dialer {
    pub(in crate::session) fn new(network: &Network) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(3));
        // A name's addresses share it: one that does not answer leaves time for the next.
        tcp.set_connect_timeout(Some(network.connect_timeout));
        let (proxy, connect_timeout) = (network.proxy.clone(), network.connect_timeout);
        Self { shared: Arc::new(DialerParts { tcp, tls: Tls::new(network), proxy, connect_timeout }), notes: None }
    }

    /// The same way, and notes each handshake with a server in `notes`.
    pub(in crate::session) fn noting(&self, notes: Arc<Mutex<Handshake>>) -> Self {
        Self { shared: Arc::clone(&self.shared), notes: Some(notes) }
    }

    /// The header that a proxy wants in each request that it forwards, which it does for plain http only.
    pub(in crate::session) fn forward_authorization(&self, scheme: Option<&Scheme>) -> Option<HeaderValue> {
        let proxy = self.shared.proxy.as_ref().filter(|proxy| proxy.kind.speaks_http())?;
        proxy.authorization.clone().filter(|_| scheme == Some(&Scheme::HTTP))
    }

    /// Connects to one hop with TCP alone and hangs up; says which of its addresses answered.
    pub(in crate::session) async fn reach(&self, hop: &Hop) -> Result<SocketAddr, ConnectError> {
        let stream = self.tcp(hop, Instant::now() + self.shared.connect_timeout).await?;
        stream.peer_addr().map_err(|error| ConnectError::Tcp(error.to_string()))
    }

    async fn tcp(&self, hop: &Hop, deadline: Instant) -> Result<TcpStream, ConnectError> {
        let connecting = self.shared.tcp.clone().call(address(hop)?);
        let connected = in_time(deadline, ConnectStep::Connection, connecting).await?;
        Ok(connected.map_err(|error| ConnectError::Tcp(innermost(&error)))?.into_inner())
    }

    async fn connect(self, request: Uri) -> Result<ServerStream, ConnectError> {
        let deadline = Instant::now() + self.shared.connect_timeout;
        let server = Hop::of_request(&request);
        let is_secure = request.scheme() == Some(&Scheme::HTTPS);
        let (io, is_forwarded) = match &self.shared.proxy {
            None => (Box::new(self.tcp(&server, deadline).await?) as Box<dyn ByteStream>, false),
            Some(proxy) => (self.through(proxy, &server, is_secure, deadline).await?, proxy.kind.speaks_http()),
        };
        if !is_secure {
            return Ok(ServerStream { io: TokioIo::new(io), is_forwarded, is_http2: false, handshake: None });
        }
        let shaking_hands = self.shared.tls.connect(io, &server, Peer::Server);
        let (connected, handshake) = in_time(deadline, ConnectStep::Tls, shaking_hands).await?;
        if let Some(notes) = &self.notes {
            *lock(notes) = handshake.clone();
        }
        let connected = connected?;
        let is_http2 = connected.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(ServerStream {
            io: TokioIo::new(Box::new(connected)),
            is_forwarded: false,
            is_http2,
            handshake: Some(handshake),
        })
    }

    /// A connection that the proxy has made to the server, or to the proxy itself for it to forward plain http.
    async fn through(
        &self,
        proxy: &ProxyServer,
        server: &Hop,
        is_secure: bool,
        deadline: Instant,
    ) -> Result<Box<dyn ByteStream>, ConnectError> {
        if let ProxyKind::Socks { looks_up_here } = proxy.kind {
            let tcp = self.tcp(&proxy.hop, deadline).await?;
            let asking = socks::tunnel(tcp, proxy, server, looks_up_here);
            return Ok(Box::new(in_time(deadline, ConnectStep::Proxy, asking).await??));
        }
        let mut io: Box<dyn ByteStream> = Box::new(self.tcp(&proxy.hop, deadline).await?);
        if proxy.kind == ProxyKind::Https {
            let shaking_hands = self.shared.tls.connect(io, &proxy.hop, Peer::Proxy);
            io = Box::new(in_time(deadline, ConnectStep::Tls, shaking_hands).await?.0?);
        }
        if !is_secure {
            return Ok(io);
        }
        let asking = proxy::tunnel(io, server, proxy.authorization.as_ref());
        in_time(deadline, ConnectStep::Proxy, asking).await?
    }
}

impl Service<Uri> for Dialer {
    type Response = ServerStream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<ServerStream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Uri) -> Self::Future {
        Box::pin(self.clone().connect(request))
    }
}

/// Where TCP goes to reach a hop.
fn address(hop: &Hop) -> Result<Uri, ConnectError> {
    format!("http://{hop}/").parse().map_err(|error: http::uri::InvalidUri| ConnectError::Tcp(error.to_string()))
}

async fn in_time<T>(deadline: Instant, waiting: ConnectStep, step: impl Future<Output = T>) -> Result<T, ConnectError> {
    timeout_at(deadline, step).await.map_err(|_| ConnectError::TimedOut(waiting))
}
