//! `GET /console/scanSurface/currentTargets/ports/`: the open ports of all current targets.

use std::net::Ipv4Addr;

use serde::Serialize;

use super::scan_surface::scanner_filter;
use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        moment::{FormattedTime, TODAY},
        odd::{Odd, Oddities},
        surface::ScanTarget,
        words,
    },
    page::{PageSlice, PastLast},
    query::is_integer,
    reply::Reply,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PortRow {
    user_input: String,
    ip_address: Ipv4Addr,
    port_transport_protocol_list: Vec<Port>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_scanned: Option<Odd<FormattedTime>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Port {
    port: u16,
    transport_protocol: &'static str,
}

/// A page of targets; on the current generation of all scanners or one, 400 if that is no number.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let current = call.dialect().ports == Generation::Current;
    let scanner = match call.query.get("scannerId").filter(|_| current) {
        None => None,
        Some(text) if !is_integer(text) => {
            return Err(Reply::field("scannerId", "A valid integer is required."));
        }
        Some(_) => scanner_filter(call),
    };
    let inventory = call.inventory();
    // Entry and position of the scanner among the entry's; two targets on the first, one on the second.
    let mut found: Vec<(u32, u32, usize)> = Vec::new();
    for number in (1..=call.world.options.scan_surface_entries).rev() {
        for (place, on) in inventory.entry_scanners(number).into_iter().enumerate() {
            if scanner.is_none_or(|scanner| scanner == on) {
                let targets = if place == 0 { 2 } else { 1 };
                found.extend((0..targets).map(|target| (number, on, target)));
            }
        }
    }
    let page = PageSlice::of(call, None, PastLast::NotFound, found.len() as u64)?;
    let rows = page.rows.clone().filter_map(|row| found.get(usize::try_from(row).ok()?)).filter_map(
        |(number, scanner, place)| {
            let entry = inventory.entry(*number);
            let target = *inventory.targets(&entry, *scanner).get(*place)?;
            Some(row(call, entry.input, target))
        },
    );
    Ok(page.reply(rows))
}

fn row(call: &RoutedRequest<'_>, user_input: String, target: ScanTarget) -> PortRow {
    let odd = Oddities::of_row(call.world.options.oddities, target.roll);
    let scanned = (target.roll >> 40) & 7 != 0;
    let date = (TODAY - target.roll % 800_000) * 1_000_000;
    PortRow {
        user_input,
        ip_address: target.address,
        port_transport_protocol_list: ports(target.roll),
        last_scanned: (call.dialect().ports >= Generation::Middle)
            .then(|| odd.nullable_moment(4, scanned.then_some(date))),
    }
}

fn ports(roll: u64) -> Vec<Port> {
    let mut ports: Vec<Port> = (0..words::PORTS.len())
        .filter(|index| roll >> (index * 2) & 3 == 0)
        .map(|index| Port { port: words::PORTS[index], transport_protocol: "tcp" })
        .collect();
    if roll >> 50 & 3 == 0 {
        ports.push(Port { port: 161, transport_protocol: "udp" });
    }
    ports
}
