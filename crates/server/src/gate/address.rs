//! Where a call comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};

/// The caller's address: the peer's, or behind a trusted proxy the last one in `X-Forwarded-For` that is no such proxy.
pub(super) fn of(request: &Request, trusted: &[IpAddr]) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    if !trusted.contains(&peer) {
        return Some(peer);
    }
    let forwarded: Vec<_> = request.headers().get_all("x-forwarded-for").iter().collect();
    let mut nearest = peer;
    // Only what trusted proxies wrote counts: from the end on, up to the first that is none of them.
    for part in forwarded.iter().rev().filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(',')) {
        let Ok(address) = part.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted.contains(&nearest) {
            break;
        }
    }
    Some(nearest)
}
