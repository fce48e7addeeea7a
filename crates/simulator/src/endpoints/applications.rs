//! `GET /console/elements/device/{deviceId}/applications/`: the software of a device.

use std::net::Ipv4Addr;

use serde::Serialize;

use super::devices::find;
use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        application::Application,
        device::Device,
        moment::FormattedTime,
        odd::{Odd, Oddities},
    },
    page::{PageSlice, PastLast},
    reply::Reply,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationRow {
    id: u64,
    name: &'static str,
    version: &'static str,
    cpe: String,
    ip: Ipv4Addr,
    url: &'static str,
    protocol: &'static str,
    hostname: &'static str,
    os_name: &'static str,
    r#type: &'static str,
    port: u16,
    port_info: PortInfo,
    application_type: &'static str,
    risk_level: RiskValue,
    is_online: bool,
    is_discovered_by_agent: bool,
    user_edited: bool,
    discovered_on: Odd<FormattedTime>,
    last_seen: Odd<FormattedTime>,
    number_of_cves: u32,
    number_of_attack_avenues: u32,
    information_origin: ApplicationOrigin,
    #[serde(flatten)]
    newer: Option<NewerRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_attack_avenues_available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crss: Option<f64>,
}

/// The members that the current generation adds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewerRow {
    transport_protocol: &'static str,
    is_scanned: bool,
    status: &'static str,
    last_scanned: Odd<FormattedTime>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PortInfo {
    Untyped {},
    List([ApplicationPort; 1]),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationPort {
    port: u16,
    transport_protocol: &'static str,
    protocol: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum RiskValue {
    Number(u8),
    Word(&'static str),
}

/// Where the software was found: an object without a scheme before the current generation, null there for a scanner.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ApplicationOrigin {
    Untyped {},
    Unknown(()),
}

/// A page object with all applications: no generation has a parameter `page`.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    let inventory = call.inventory();
    let applications = inventory.applications(&device);
    let history = call.history(&device);
    let open: Vec<u64> = (0..inventory.findings(&device, &history))
        .map(|number| inventory.finding(&device, number, &history))
        .map(|row| row.element)
        .collect();
    let page = PageSlice::of(call, Some("size"), PastLast::NotFound, applications.len() as u64)?;
    let shown = if call.page_fault.is_some() { page.rows.clone() } else { 0..applications.len() as u64 };
    let rows = shown.filter_map(|row| applications.get(usize::try_from(row).ok()?));
    let reply = page.whole_reply(rows.map(|row| of(call, &device, row, count(&open, row.id))));
    Ok(reply)
}

fn count(elements: &[u64], id: u64) -> u32 {
    u32::try_from(elements.iter().filter(|element| **element == id).count()).unwrap_or(u32::MAX)
}

fn of(call: &RoutedRequest<'_>, device: &Device, row: &Application, cves: u32) -> ApplicationRow {
    let odd = Oddities::of_row(call.world.options.oddities, row.roll);
    let generation = call.world.options.generation;
    let is_current = generation == Generation::Current;
    let protocol = if row.port == 0 { "" } else { "tcp" };
    ApplicationRow {
        id: row.id,
        name: row.name,
        version: row.version,
        cpe: format!("cpe:2.3:a:example:{}:{}", row.name.to_lowercase().replace(' ', "_"), row.version),
        ip: device.address,
        url: "",
        protocol,
        hostname: "",
        os_name: "",
        r#type: "Application",
        port: row.port,
        port_info: match is_current {
            true => PortInfo::List([ApplicationPort { port: row.port, transport_protocol: protocol, protocol }]),
            false => PortInfo::Untyped {},
        },
        application_type: if row.port == 0 { "PACKAGE" } else { "DAEMON" },
        risk_level: match is_current {
            true => RiskValue::Word(super::contexts::RISKS[usize::from(device.risk & 3)]),
            false => RiskValue::Number(device.risk),
        },
        is_online: true,
        is_discovered_by_agent: device.is_agent(),
        user_edited: false,
        discovered_on: odd.moment(1, device.discovered),
        last_seen: odd.moment(2, device.last_seen),
        number_of_cves: cves,
        number_of_attack_avenues: 0,
        information_origin: if is_current { ApplicationOrigin::Unknown(()) } else { ApplicationOrigin::Untyped {} },
        newer: is_current.then(|| NewerRow {
            transport_protocol: protocol,
            is_scanned: device.scanned,
            status: "online",
            last_scanned: odd.moment(3, device.last_scanned),
        }),
        is_attack_avenues_available: (!is_current).then_some(false),
        crss: (generation >= Generation::Middle).then_some(f64::from(device.risk) * 2.5),
    }
}
