//! Looks at the way to the server step by step: its name, a connection, its certificate. Sends no credentials.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use soar_connector::sentence;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::Session;
use super::client::untrusting;
use super::errand::Errand;
use super::witness::{Handshake, Witness};
use crate::vendor::Failure;

/// Where a connection goes: the instance, or the proxy before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Hop {
    /// Where `url` leads; its port may be left to its scheme or to `usual_port`.
    pub(crate) fn of(url: &Url, usual_port: u16) -> Self {
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        Self { host, port: url.port_or_known_default().unwrap_or(usual_port) }
    }

    /// Its address, where it is one and no name.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(IpAddr::V6(address)) => write!(formatter, "[{address}]:{}", self.port),
            _ => write!(formatter, "{}:{}", self.host, self.port),
        }
    }
}

impl Session {
    /// The instance.
    pub(crate) fn server(&self) -> Hop {
        Hop::of(&self.settings.api, 443)
    }

    /// The proxy that stands before the instance, if one does.
    pub(crate) fn proxy(&self) -> Option<&Hop> {
        self.settings.network.proxy.as_ref().map(|proxy| &proxy.hop)
    }

    /// Whether the connection is secured with TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.settings.api.scheme() == "https"
    }

    /// The addresses that DNS has for a hop.
    pub(crate) async fn resolve(&self, hop: &Hop) -> Result<Vec<IpAddr>, Failure> {
        let limit = self.settings.network.connect_timeout;
        let fail = |why: &str| unreachable(&format!("No address of {}: {why}", hop.host));
        let mut found: Vec<_> = match timeout(limit, lookup_host((hop.host.as_str(), hop.port))).await {
            Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
            Ok(Err(error)) => return Err(fail(&error.to_string())),
            Err(_) => return Err(fail("DNS gave no answer in time")),
        };
        found.dedup();
        if found.is_empty() { Err(fail("DNS has none")) } else { Ok(found) }
    }

    /// Connects to a hop and hangs up; says which of its addresses answered.
    pub(crate) async fn connect(&self, hop: &Hop) -> Result<SocketAddr, Failure> {
        let limit = self.settings.network.connect_timeout;
        let fail = |why: &str| unreachable(&format!("No connection to {hop}: {why}"));
        match timeout(limit, TcpStream::connect((hop.host.as_str(), hop.port))).await {
            Ok(Ok(stream)) => stream.peer_addr().map_err(|error| fail(&error.to_string())),
            Ok(Err(error)) => Err(fail(&error.to_string())),
            Err(_) => Err(fail("no answer in time")),
        }
    }

    /// Makes a new secure connection, through the proxy if there is one, and asks who is logged in: nobody, for no
    /// credentials are sent. What the server showed is told whether it is trusted or not.
    pub(crate) async fn shake_hands(&self, limit: Duration) -> (Result<(), Failure>, Handshake) {
        let network = &self.settings.network;
        let unusable = |error: &dyn fmt::Display| Failure::new("tls-failed", sentence(&error.to_string()));
        let witness = match Witness::new(self.server().host, network) {
            Ok(witness) => witness,
            Err(error) => return (Err(unusable(&error)), Handshake::default()),
        };
        let client = match witness.configuration(network) {
            Ok(tls) => untrusting(network).tls_backend_preconfigured(tls).build(),
            Err(error) => return (Err(unusable(&error)), Handshake::default()),
        };
        let result = match client {
            Ok(client) => {
                let errand = Errand::new(None, false, limit, Arc::clone(&self.clock));
                self.transport.greet(&client, &errand).await.map(drop)
            }
            Err(error) => Err(unusable(&error)),
        };
        (result, witness.seen())
    }
}

fn unreachable(problem: &str) -> Failure {
    Failure::new("unreachable", sentence(problem))
}
