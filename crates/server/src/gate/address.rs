//! Where a call comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderValue};
use soar_connector::name::quoted;

/// What `X-Forwarded-For` holds in place of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoAddress {
    /// The trusted proxy that sent it.
    proxy: IpAddr,
    said: String,
}

impl std::fmt::Display for NoAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "The proxy {} sent {} in X-Forwarded-For. Expected IP addresses with commas between them.",
            self.proxy,
            quoted(&self.said)
        )
    }
}

/// The address of the connection that the call came on.
pub(super) fn of_peer(request: &Request) -> Option<IpAddr> {
    Some(request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical())
}

/// The caller's address: the peer's, or behind a trusted proxy the last one in `X-Forwarded-For` that is no such proxy.
///
/// # Errors
/// [`NoAddress`] where a trusted proxy wrote something else: the caller's address is unknown then.
pub(super) fn of_caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Result<IpAddr, NoAddress> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == *address);
    let mut nearest = peer;
    if !is_trusted(&peer) {
        return Ok(peer);
    }
    let forwarded: Vec<&HeaderValue> = headers.get_all("x-forwarded-for").iter().collect();
    let entries = forwarded.iter().rev().flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    // Only what trusted proxies wrote counts: from the end on, up to the first that is none of them.
    for entry in entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty()) {
        let address = std::str::from_utf8(entry).ok().and_then(without_port);
        nearest =
            address.ok_or_else(|| NoAddress { proxy: peer, said: String::from_utf8_lossy(entry).into_owned() })?;
        if !is_trusted(&nearest) {
            break;
        }
    }
    Ok(nearest)
}

/// The address in `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:443`.
fn without_port(text: &str) -> Option<IpAddr> {
    let address = text.parse::<SocketAddr>().map(|address| address.ip());
    let address =
        address.or_else(|_| text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).parse());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, forwarded: &[&str]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3"].map(|address| address.parse().unwrap());
        let address = of_caller(peer.parse().unwrap(), &headers, &trusted);
        address.map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_counts_with_and_without_port_and_brackets() {
        for (forwarded, expected) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["203.0.113.9:5678"], "203.0.113.9"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
            // What the caller itself wrote is before it, and is not looked at.
            (&["nonsense, 6.6.6.6, 203.0.113.9:1 , 192.0.2.2:80"], "203.0.113.9"),
            (&["203.0.113.9, "], "203.0.113.9"),
            (&["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
            (&["192.0.2.2"], "192.0.2.2"),
            (&[], "192.0.2.1"),
        ] {
            assert_eq!(caller("192.0.2.1", forwarded).as_deref(), Ok(expected), "{forwarded:?}");
        }
        assert_eq!(caller("192.0.2.3", &["203.0.113.9"]).as_deref(), Ok("203.0.113.9"));
        assert_eq!(caller("203.0.113.1", &["203.0.113.9"]).as_deref(), Ok("203.0.113.1"));
        assert_eq!(caller("203.0.113.1", &["nonsense"]).as_deref(), Ok("203.0.113.1"));
    }

    #[test]
    fn anything_else_from_a_trusted_proxy_is_an_error_and_never_the_address_of_the_proxy() {
        for entry in ["unknown", "_hidden", "203.0.113.9:port", "[2001:db8::1", "2001:db8::1]:443", "203.0.113", "a b"]
        {
            let error = caller("192.0.2.1", &[&format!("203.0.113.9, {entry}")]).unwrap_err();
            assert!(error.contains("The proxy 192.0.2.1 sent") && error.contains(entry), "{error}");
        }
    }
}
