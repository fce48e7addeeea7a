//! One end of a connection: the instance, or the proxy before it.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use url::{Host, Url};

/// Where a connection goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Hop {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Hop {
    /// The host of `url`; its port may be left to its scheme or to `usual_port`.
    pub(crate) fn of(url: &Url, usual_port: u16) -> Self {
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        };
        Self { host, port: url.port_or_known_default().unwrap_or(usual_port) }
    }

    /// The host that a request to `uri` is for.
    pub(crate) fn of_request(uri: &Uri) -> Self {
        let host = uri.host().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let usual_port = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        Self { host: bare.to_owned(), port: uri.port_u16().unwrap_or(usual_port) }
    }

    /// Its address, where the host is one and no name.
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
