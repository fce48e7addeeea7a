//! An agent's facts of its device: `overview/`, `os/` and `patches/` below `/console/elements/device/{deviceId}/`.

use serde::Serialize;

use super::{devices::find, network_connections::not_implemented};
use crate::{
    Generation,
    call::RoutedRequest,
    data::{device::Device, moment::FormattedTime, words},
    reply::Reply,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Overview {
    os: &'static str,
    install_date: FormattedTime,
    last_bootup_date: FormattedTime,
    applications: [(); 0],
    installed_updates: Vec<Update>,
    #[serde(flatten)]
    newer: Option<NewerOverview>,
}

/// The members that the current generation adds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NewerOverview {
    security_products: &'static str,
    firewall_profiles: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OperatingSystemFacts {
    is_outdated: bool,
    is_spring4shell_available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_type: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    kb: String,
    title: String,
    description: &'static str,
    size: &'static str,
    affects: &'static str,
    release_date: &'static str,
    cves: Vec<String>,
    resources: Resources,
}

/// A text before the current generation.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Resources {
    Text(&'static str),
    List([&'static str; 1]),
}

/// The device, if an agent is on it; 501 for a server, as the sister endpoints answer.
fn agent_device(call: &RoutedRequest<'_>) -> Result<Device, Reply> {
    let device = find(call)?;
    if device.is_agent() { Ok(device) } else { Err(not_implemented()) }
}

/// The device at a glance.
pub(crate) fn overview(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = agent_device(call)?;
    Ok(Reply::json(&Overview {
        os: words::pick(words::SYSTEMS_OPERATING, (device.roll >> 20) as usize),
        install_date: FormattedTime::iso(device.discovered),
        last_bootup_date: FormattedTime::iso(device.last_seen),
        applications: [],
        installed_updates: vec![update(call, &device, 0)],
        newer: is_current(call)
            .then_some(NewerOverview { security_products: "Microsoft Defender", firewall_profiles: "Domain, Private" }),
    }))
}

/// The operating system.
pub(crate) fn system(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = agent_device(call)?;
    Ok(Reply::json(&OperatingSystemFacts {
        is_outdated: device.roll & 1 == 1,
        is_spring4shell_available: None,
        os_type: is_current(call).then_some("WIN"),
    }))
}

/// The patches that the device lacks: a list, which the older documents publish as one object.
pub(crate) fn patches(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = agent_device(call)?;
    Ok(Reply::array((1..=1 + device.roll % 3).map(|number| update(call, &device, number))))
}

fn update(call: &RoutedRequest<'_>, device: &Device, number: u64) -> Update {
    let kb = format!("KB50{:05}", ((device.roll >> 8) ^ (number * 977)) % 100_000);
    let cve = call.inventory().vulnerability(device, 0).cve;
    Update {
        title: format!("Security update ({kb})"),
        kb,
        description: "Fixes vulnerabilities of the operating system.",
        size: "48 MB",
        affects: "Windows",
        release_date: "2025-10-14",
        cves: vec![cve],
        resources: match is_current(call) {
            true => Resources::List(["https://www.example.com/updates"]),
            false => Resources::Text("https://www.example.com/updates"),
        },
    }
}

fn is_current(call: &RoutedRequest<'_>) -> bool {
    call.world.options.generation == Generation::Current
}
