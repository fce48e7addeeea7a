//! `GET /console/elements/device/{deviceId}/networkConnections/`: the peers of an agent's device.

use std::net::Ipv4Addr;

use axum::http::StatusCode;
use serde::Serialize;

use super::devices::find;
use crate::{
    call::RoutedRequest,
    data::random::{Topic, dice, one_of},
    page::whole,
    reply::Reply,
};

/// A connection. The vendor publishes no schema for it; these names are the simulator's own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkConnection {
    local_address: Ipv4Addr,
    local_port: u16,
    remote_address: Ipv4Addr,
    remote_port: u16,
    protocol: &'static str,
    state: &'static str,
    process_name: &'static str,
}

/// An array, or for some devices an empty body; 501 for a server.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    if !device.is_agent() {
        return Err(not_implemented());
    }
    if device.quiet {
        return Ok(Reply::empty(StatusCode::OK));
    }
    let mut dice = dice(call.world.options.seed, call.tenant, Topic::Connection, device.id);
    let count = 4 + (device.roll >> 3) % 9;
    let connections: Vec<NetworkConnection> = (0..count)
        .map(|_| {
            let udp = dice.u8(..5) == 0;
            NetworkConnection {
                local_address: device.address,
                local_port: dice.u16(49_152..),
                remote_address: Ipv4Addr::new(203, 0, 113, dice.u8(1..255)),
                remote_port: if udp { 53 } else { one_of(&mut dice, &[80, 443, 443, 993, 8443]) },
                protocol: if udp { "udp" } else { "tcp" },
                state: if udp {
                    ""
                } else {
                    one_of(&mut dice, &["ESTABLISHED", "ESTABLISHED", "TIME_WAIT", "CLOSE_WAIT"])
                },
                process_name: one_of(
                    &mut dice,
                    &["chrome.exe", "outlook.exe", "svchost.exe", "sshd", "footprint-agent"],
                ),
            }
        })
        .collect();
    let rows = whole(call, count);
    Ok(Reply::array(connections.into_iter().take(usize::try_from(rows.end).unwrap_or(usize::MAX))))
}

/// 501: the vendor's answer for servers, which have no agent that could tell.
pub(super) fn not_implemented() -> Reply {
    Reply::detail(StatusCode::NOT_IMPLEMENTED, "Not Implemented")
}
