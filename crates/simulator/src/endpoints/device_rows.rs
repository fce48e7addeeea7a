//! The three forms of a row of the device list.

use std::{borrow::Cow, net::Ipv4Addr};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::{
    data::{
        device::{Device, DeviceStatus},
        inventory::Inventory,
        moment::FormattedTime,
        odd::{Odd, Oddities},
        words,
    },
    device_tags::Tag,
};

/// A device on the legacy generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LegacyDevice {
    r#type: &'static str,
    id: u64,
    agent_status: &'static str,
    disclaimer: &'static str,
    provider: &'static str,
    is_attack_avenues_available: bool,
    is_online: &'static str,
    risk_level: Odd<u8>,
    ip: Ipv4Addr,
    name: Cow<'static, str>,
    original_name: String,
    discovered_on: Odd<FormattedTime>,
    last_seen: Odd<FormattedTime>,
    hostnames: HostNames,
    applications_count: Odd<u32>,
    protocols: Protocols,
    agent_id: Odd<u32>,
    has_scap_results: bool,
    has_agent_installed: bool,
    is_network_edge_scan_disabled: &'static str,
    number_of_cves: u32,
    number_of_attack_avenues: u32,
    avoid_brute_force: bool,
}

impl LegacyDevice {
    pub(super) fn of(inventory: &Inventory<'_>, device: &Device, number_of_cves: u32) -> Self {
        let oddities = inventory.options.oddities;
        let odd = Oddities::of_row(oddities, device.roll);
        let agent = device.is_agent();
        let original_name = device.parts.name();
        Self {
            r#type: device.kind(),
            id: device.id,
            agent_status: match (agent, device.status) {
                (false, _) => "",
                (true, DeviceStatus::Online) => "online",
                (true, _) => "offline",
            },
            disclaimer: "",
            provider: match (device.roll >> 50) & 7 {
                _ if agent => "",
                0 => "AWS",
                1 => "Azure",
                _ => "",
            },
            is_attack_avenues_available: device.avenues > 0,
            is_online: online_word(device),
            risk_level: odd.number(1, device.risk, RISK_WORDS[usize::from(device.risk & 3)]),
            ip: device.address,
            discovered_on: odd.moment(2, device.discovered),
            last_seen: odd.moment(3, device.last_seen),
            hostnames: HostNames { name: original_name.clone(), some: (device.roll >> 53) & 3 != 0 },
            applications_count: odd.value(4, device.applications),
            protocols: Protocols(device.roll),
            agent_id: odd.value(5, if agent { device.number } else { 0 }),
            has_scap_results: agent && (device.roll >> 55) & 1 == 0,
            has_agent_installed: agent,
            is_network_edge_scan_disabled: "False",
            number_of_cves,
            number_of_attack_avenues: device.avenues,
            avoid_brute_force: (device.roll >> 56) & 7 == 0,
            name: match device.breaking_name(oddities) {
                Some(name) => Cow::Borrowed(name),
                None => Cow::Owned(original_name.clone()),
            },
            original_name,
        }
    }
}

/// A device on the middle generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MiddleDevice {
    #[serde(flatten)]
    legacy: LegacyDevice,
    business_impact: u8,
    is_advanced_scan_possible: bool,
    is_zap_scan_possible: bool,
}

impl MiddleDevice {
    pub(super) fn of(inventory: &Inventory<'_>, device: &Device, number_of_cves: u32) -> Self {
        Self {
            legacy: LegacyDevice::of(inventory, device, number_of_cves),
            business_impact: 1 + (device.roll >> 46) as u8 % 5,
            is_advanced_scan_possible: !device.is_agent(),
            is_zap_scan_possible: false,
        }
    }
}

/// A device on the current generation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CurrentDevice<'l> {
    id: u64,
    is_online: &'static str,
    name: Cow<'static, str>,
    ip: Ipv4Addr,
    r#type: &'static str,
    scanner_name: Odd<&'l str>,
    last_seen: Odd<FormattedTime>,
    last_scanned: Odd<FormattedTime>,
    ports: Odd<Ports>,
    discovered_on: Odd<FormattedTime>,
    risk_level: Odd<u8>,
    device_state: &'static str,
    is_scanned: bool,
    is_scanner_deleted: bool,
    agent_status: Odd<AgentStatus>,
    tags: WrittenTags,
}

#[derive(Debug, Serialize)]
struct Ports {
    tcp: OpenPorts,
    udp: OpenPorts,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AgentStatus {
    hostname: Cow<'static, str>,
    os_type: &'static str,
    version: &'static str,
    status: &'static str,
    guid: Guid,
    last_update: Odd<FormattedTime>,
    last_checkin: Odd<FormattedTime>,
}

impl<'l> CurrentDevice<'l> {
    /// `labels` are the names of the tenant's scanners, in their order, and `given_tags` the tags that a user gave.
    pub(super) fn of(
        inventory: &Inventory<'_>,
        labels: &'l [String],
        device: &Device,
        given_tags: Option<Vec<Tag>>,
    ) -> Self {
        let oddities = inventory.options.oddities;
        let odd = Oddities::of_row(oddities, device.roll);
        let name = device.name(oddities);
        let agent = device.is_agent().then(|| AgentStatus {
            hostname: name.clone(),
            os_type: words::pick(&["WIN", "MAC", "LNX"], (device.roll >> 50) as usize),
            version: "2.9.4",
            status: match device.status {
                DeviceStatus::Online => "online",
                DeviceStatus::Decommissioned => "deleted",
                _ => "offline",
            },
            guid: Guid(device.roll),
            last_update: odd.moment(6, device.last_scanned),
            last_checkin: odd.moment(7, device.last_seen),
        });
        let scanner = (device.scanner as usize).checked_sub(1).and_then(|index| labels.get(index)).map(String::as_str);
        Self {
            id: device.id,
            is_online: online_word(device),
            ip: device.address,
            r#type: device.kind(),
            scanner_name: odd.nullable(8, scanner),
            last_seen: odd.moment(3, device.last_seen),
            last_scanned: odd.moment(4, device.last_scanned),
            ports: odd
                .value(9, Ports { tcp: OpenPorts(device.roll & 0x7fff), udp: OpenPorts((device.roll >> 15) & 0b100) }),
            discovered_on: odd.moment(2, device.discovered),
            risk_level: odd.number(1, device.risk, RISK_WORDS[usize::from(device.risk & 3)]),
            device_state: match device.status {
                DeviceStatus::Decommissioned => "DECOMMISSIONED",
                _ => "AVAILABLE",
            },
            is_scanned: device.scanned,
            is_scanner_deleted: false,
            agent_status: odd.nullable(10, agent),
            tags: WrittenTags(device.tags, given_tags),
            name,
        }
    }
}

/// The words that sometimes stand for a risk level's number.
const RISK_WORDS: [&str; 4] = super::contexts::RISKS;

fn online_word(device: &Device) -> &'static str {
    match device.ping {
        0 => "no",
        1 => "notApplicable",
        _ => "yes",
    }
}

/// Writes a version 4 UUID made of the roll's bits.
#[derive(Debug)]
struct Guid(u64);

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"00000000-0000-4000-9000-000000000000";
        let mut bits = self.0.rotate_left(17);
        for (index, place) in text.iter_mut().enumerate() {
            if *place == b'0' {
                *place = DIGITS[(bits & 15) as usize];
                bits = bits.rotate_right(4);
            }
            if index == 18 {
                bits = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            }
        }
        // The buffer holds digits and dashes only.
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Writes the name in the example domain, in lower case, or no name.
#[derive(Debug)]
struct HostNames {
    name: String,
    some: bool,
}

impl Serialize for HostNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(Some(usize::from(self.some)))?;
        if self.some {
            let mut name = String::with_capacity(self.name.len() + 12);
            name.push_str(&self.name);
            name.make_ascii_lowercase();
            name.push_str(".example.com");
            names.serialize_element(&name)?;
        }
        names.end()
    }
}

/// Writes the usual ports whose bits are set.
#[derive(Debug)]
struct OpenPorts(u64);

impl Serialize for OpenPorts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ports = serializer.serialize_seq(None)?;
        // Every second set bit's port, so that a device has about four.
        for (index, port) in words::PORTS.iter().enumerate() {
            if self.0 >> index & 1 == 1 && (self.0 >> 2) % 3 != index as u64 % 3 {
                ports.serialize_element(port)?;
            }
        }
        ports.end()
    }
}

/// Writes the tags that a user gave, or else those whose bits are set.
#[derive(Debug)]
struct WrittenTags(u8, Option<Vec<Tag>>);

/// The tags that a device has unless a user gave it others.
pub(super) fn first_tags(bits: u8) -> impl Iterator<Item = Tag> {
    let has = move |(index, _): &(usize, &&str)| bits >> *index & 1 == 1;
    let tag = |(index, tag): (usize, &&str)| Tag { tag: (*tag).to_owned(), exclude_business_contexts: index > 3 };
    words::TAGS.iter().enumerate().filter(has).map(tag)
}

impl Serialize for WrittenTags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.1 {
            Some(given) => given.serialize(serializer),
            None => serializer.collect_seq(first_tags(self.0)),
        }
    }
}

/// Writes the protocols that the roll's bits choose.
#[derive(Debug)]
struct Protocols(u64);

impl Serialize for Protocols {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut protocols = serializer.serialize_seq(None)?;
        for (index, protocol) in ["http", "https", "ssh", "smb", "rdp"].iter().enumerate() {
            if self.0 >> (57 + index) & 1 == 1 {
                protocols.serialize_element(protocol)?;
            }
        }
        protocols.end()
    }
}
