//! The part of an address that counts as one caller.

use std::net::{IpAddr, Ipv6Addr};

/// The address itself for IPv4, and the /64 network for IPv6, since one customer usually has a whole /64.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}
