//! Asks a SOCKS5 proxy for a connection to the server.

use std::future::ready;
use std::io;
use std::net::SocketAddr;

use http::Uri;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret as _;
use tokio::net::{TcpStream, lookup_host};
use tower::{Service as _, service_fn};

use super::error::ConnectError;
use crate::hop::Hop;
use crate::settings::ProxyServer;

/// Has the proxy at the other end of `tcp` connect it to `server`, whose name it looks up unless `looks_up_here`.
pub(super) async fn tunnel(
    tcp: TcpStream,
    proxy: &ProxyServer,
    server: &Hop,
    looks_up_here: bool,
) -> Result<TcpStream, ConnectError> {
    let target = if looks_up_here { look_up(server).await? } else { server.to_string() };
    let target = target.parse::<Uri>().map_err(|error| ConnectError::Tcp(error.to_string()))?;
    let mut tcp = Some(TokioIo::new(tcp));
    let at_hand = service_fn(move |_| ready(tcp.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected))));
    let mut socks = SocksV5::new(Uri::from_static("socks5://proxy"), at_hand);
    if let Some(name) = &proxy.user_name {
        let password = proxy.password.as_ref().map(|password| password.expose_secret().to_owned());
        socks = socks.with_auth(name.clone(), password.unwrap_or_default());
    }
    let connected = socks.call(target).await.map_err(|error| refusal(&error.to_string(), proxy.user_name.is_some()))?;
    Ok(connected.into_inner())
}

async fn look_up(server: &Hop) -> Result<String, ConnectError> {
    let found = lookup_host((server.host.as_str(), server.port)).await;
    let first = found.map_err(|error| ConnectError::Tcp(error.to_string()))?.next();
    first.as_ref().map(SocketAddr::to_string).ok_or_else(|| ConnectError::Tcp("DNS has no address".to_owned()))
}

/// The meaning of hyper-util's error. Its type is private, so it is known by its words.
fn refusal(said: &str, gave_login: bool) -> ConnectError {
    let said = said.trim_start_matches("SOCKS error: ");
    match said {
        "server does not support user/pass authentication"
        | "server implements authentication incorrectly"
        | "credentials not accepted" => ConnectError::ProxyLogin { gave_login },
        "connection not allowed" | "command not supported" | "address type not supported" => {
            ConnectError::SocksStatus { said: said.to_owned(), is_verdict: true }
        }
        "general server failure"
        | "network unreachable"
        | "host unreachable"
        | "connection refused"
        | "ttl expired" => ConnectError::SocksStatus { said: said.to_owned(), is_verdict: false },
        other => ConnectError::ProxyBroke(other.to_owned()),
    }
}
