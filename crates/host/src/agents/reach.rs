//! Tests a proxy: the host asks the proxy for a connection to a server (CONNECT, or SOCKS5) and sends nothing over it.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, Uri};
use hyper::client::conn::http1::handshake;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::{Service as _, service_fn};
use utoipa::ToSchema;

use super::address::{ProxyAddress, Scheme};

/// The timeout of the test.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The result of testing an agent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentTested {
    /// Whether the proxy made the connection.
    pub passed: bool,
    /// The agent's name.
    pub agent: String,
    /// The server and port to which the proxy had to connect.
    pub to: String,
    /// The result in whole sentences.
    pub text: String,
    /// The proxy's status for CONNECT; null where the proxy gave none.
    pub status: Option<u16>,
    /// The duration of the test in milliseconds.
    pub elapsed_ms: u64,
}

/// A proxy's login.
pub(super) struct ProxyLogin<'a> {
    pub(super) user_name: &'a str,
    pub(super) secret: Option<&'a SecretString>,
}

/// The proxy's status for CONNECT, or the reason for which there is none.
pub(super) type ProxyStatus = Result<Option<u16>, String>;

/// Asks the proxy for a connection to `target`. Returns the status of an HTTP proxy.
///
/// # Errors
/// The reason for which there is no answer.
pub(super) async fn ask(proxy: &ProxyAddress, login: Option<ProxyLogin<'_>>, target: &str) -> ProxyStatus {
    let asking = async {
        let place = format!("{}:{}", proxy.host, proxy.port);
        let tcp = TcpStream::connect(&place).await;
        let tcp = tcp.map_err(|error| format!("The proxy {place} cannot be reached: {error}."))?;
        match proxy.scheme {
            Scheme::Http => connect(tcp, login, target).await.map(Some),
            Scheme::Https => connect(secured(tcp, proxy).await?, login, target).await.map(Some),
            Scheme::Socks5 | Scheme::Socks5h => socks(tcp, proxy.scheme, login, target).await.map(|()| None),
        }
    };
    let timed_out = || Err(format!("The proxy did not answer within {} s.", TIMEOUT.as_secs()));
    tokio::time::timeout(TIMEOUT, asking).await.unwrap_or_else(|_| timed_out())
}

async fn secured(tcp: TcpStream, proxy: &ProxyAddress) -> Result<TlsStream<TcpStream>, String> {
    let failed = |error: String| format!("The TLS handshake with the proxy failed: {error}.");
    let config = ClientConfig::builder().with_platform_verifier().map_err(|error| failed(error.to_string()))?;
    let bare = proxy.host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(bare).map_err(|error| failed(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    connector.connect(name, tcp).await.map_err(|error| failed(error.to_string()))
}

async fn connect<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    login: Option<ProxyLogin<'_>>,
    target: &str,
) -> Result<u16, String> {
    let broke = |error: hyper::Error| format!("The proxy's answer is not valid HTTP: {error}.");
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broke)?;
    let driving = tokio::spawn(connection.with_upgrades());
    let mut request = Request::builder().method(Method::CONNECT).uri(target).header(HOST, target);
    if let Some(ProxyLogin { user_name, secret }) = login {
        let secret = secret.map_or("", |secret| secret.expose_secret());
        let login = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user_name}:{secret}"))));
        let mut login =
            login.map_err(|_| "The user name or password contains characters that HTTP cannot transmit.".to_owned())?;
        login.set_sensitive(true);
        request = request.header(PROXY_AUTHORIZATION, login);
    }
    let request = request.body(String::new()).map_err(|error| {
        format!(
            "The proxy cannot be asked for this server: \
                                                                       {error}."
        )
    })?;
    let answer = sender.send_request(request).await;
    driving.abort();
    answer.map(|answer| answer.status().as_u16()).map_err(broke)
}

async fn socks(tcp: TcpStream, scheme: Scheme, login: Option<ProxyLogin<'_>>, target: &str) -> Result<(), String> {
    let target = if scheme == Scheme::Socks5 {
        let unknown = || format!("This host cannot resolve the name in {target}.");
        let found = lookup_host(target).await.ok().and_then(|mut found| found.next());
        found.ok_or_else(unknown)?.to_string()
    } else {
        target.to_owned()
    };
    let target: Uri = target.parse().map_err(|error| format!("The proxy cannot be asked for this server: {error}."))?;
    let mut tcp = Some(TokioIo::new(tcp));
    let at_hand = service_fn(move |_| ready(tcp.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))));
    let mut socks = SocksV5::new(Uri::from_static("socks5://proxy"), at_hand);
    if let Some(ProxyLogin { user_name, secret }) = login {
        let secret = secret.map_or("", |secret| secret.expose_secret());
        socks = socks.with_auth(user_name.to_owned(), secret.to_owned());
    }
    socks.call(target).await.map(drop).map_err(|error| format!("The proxy refused: {error}."))
}
