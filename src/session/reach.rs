//! Looks at the way to the server step by step: its name, a connection, its certificate. Sends no credentials.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use soar_connector::sentence;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::VendorSession;
use super::connect::Handshake;
use super::request_context::CommandContext;
use crate::hop::Hop;
use crate::vendor::Failure;

impl VendorSession {
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
        let fail = |why: &str| Failure::new("unreachable", sentence(&format!("No address of {}: {why}", hop.host)));
        let mut found: Vec<_> = match timeout(limit, lookup_host((hop.host.as_str(), hop.port))).await {
            Ok(Ok(addresses)) => addresses.map(|address| address.ip()).collect(),
            Ok(Err(error)) => return Err(fail(&error.to_string())),
            Err(_) => return Err(fail("DNS gave no answer in time")),
        };
        found.dedup();
        if found.is_empty() { Err(fail("DNS has none")) } else { Ok(found) }
    }

    /// Connects to a hop as requests do and hangs up; says which of its addresses answered.
    pub(crate) async fn connect(&self, hop: &Hop) -> Result<SocketAddr, Failure> {
        self.transport.reach(hop).await
    }

    /// Opens a new TLS connection, through the proxy if there is one, and calls the session endpoint without credentials.
    /// Returns the server's certificate even if it is untrusted.
    pub(crate) async fn shake_hands(&self, limit: Duration) -> (Result<(), Failure>, Handshake) {
        let context = CommandContext::new(None, false, limit, Arc::clone(&self.clock));
        let (reply, handshake) = self.transport.greet(&context).await;
        (reply.map(drop), handshake)
    }
}
