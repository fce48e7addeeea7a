//! Reads the filters and the order of the device list, each generation's own, and applies them.

use std::cmp::Reverse;
use std::fmt::Write;
use std::ops::Range;

use super::contexts::{LEGACY_LEVELS, LEGACY_RISKS, RISKS};
use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        device::{Device, DeviceSource},
        inventory::Inventory,
        words,
    },
    device_tags::DeviceTags,
    query::RequestQuery,
    reply::Reply,
};

const SCAN_TYPES: [&str; 3] = ["all", "discovered", "scanned"];
const SCOPES: [&str; 3] = ["all", "external", "internal"];
const SOURCES: [&str; 4] = ["all", "agentbased", "agentless", "nessusimport"];
const STATUSES: [&str; 4] = ["decommissioned", "notSeenOnLastScan", "offline", "online"];
const PINGS: [&str; 3] = ["no", "notApplicable", "yes"];
const APPS: [&str; 3] = ["all", "withApps", "withoutApps"];
const REACHABILITY: [&str; 3] = ["all", "reachable", "unreachable"];
/// The last just on the current generation.
const COLUMNS: [&str; 4] = ["discoveredOn", "lastScanned", "name", "ip"];
const DIRECTIONS: [&str; 2] = ["ascending", "descending"];

/// The filter of the list of devices; `None` and false do not filter.
#[derive(Debug, Default)]
struct DeviceListFilter<'q> {
    address: Option<&'q str>,
    /// A bit for each risk level, and so on for the other sets.
    risks: Option<u32>,
    scanned: Option<bool>,
    external: Option<bool>,
    source: Option<DeviceSource>,
    /// A scanner's number.
    scanner: Option<u32>,
    statuses: Option<u32>,
    ping: Option<u8>,
    /// Whether the device answers pings.
    reachable: Option<bool>,
    tags: Option<TagFilter<'q>>,
}

/// The tags that were asked for.
#[derive(Debug)]
struct TagFilter<'q> {
    list: &'q str,
    /// Those that devices have unless a user gave them others.
    bits: u8,
}

/// The column that devices are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SortColumn {
    Id,
    Discovered,
    LastScanned,
    Name,
    Address,
}

/// The devices to list, as positions in the default order.
#[derive(Debug)]
pub(super) enum Selection {
    /// All up to this position, in the default order: nothing needs to be looked at.
    All(u32),
    /// These.
    Some(Vec<u32>),
}

impl Selection {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::All(count) => u64::from(*count),
            Self::Some(ranks) => ranks.len() as u64,
        }
    }

    /// The position in the default order of the row at this position in the selection.
    pub(super) fn rank(&self, row: u64) -> Option<u32> {
        match self {
            Self::All(_) => u32::try_from(row).ok(),
            Self::Some(ranks) => ranks.get(usize::try_from(row).ok()?).copied(),
        }
    }
}

/// Finds and orders the devices that the request asks for, or 400 for a value that is no choice.
pub(super) fn select(call: &RoutedRequest<'_>) -> Result<Selection, Reply> {
    let inventory = call.inventory();
    let query = call.query;
    let form = call.dialect().devices;
    let ranks = ranks(&query, inventory, form)?;
    let filter = DeviceListFilter::read(&query, inventory, form)?;
    let columns = if form == Generation::Current { &COLUMNS[..] } else { &COLUMNS[..3] };
    let column = match query.choice("sortColumn", columns)? {
        None => SortColumn::Id,
        Some(0) => SortColumn::Discovered,
        Some(1) => SortColumn::LastScanned,
        Some(2) => SortColumn::Name,
        Some(_) => SortColumn::Address,
    };
    let ascending = query.choice("sortDirection", &DIRECTIONS)? == Some(0);
    if filter.is_none() && column == SortColumn::Id && !ascending && ranks.start == 0 {
        return Ok(Selection::All(ranks.end));
    }
    let found = ranks
        .map(|rank| (rank, inventory.device_at(rank)))
        .filter(|(_, device)| filter.accepts(device, &call.world.tags));
    Ok(Selection::Some(order(found, column, ascending, inventory.options.oddities)))
}

/// Positions in the default order of the devices with applications, without, or both; the former come first.
fn ranks(query: &RequestQuery<'_>, inventory: Inventory<'_>, form: Generation) -> Result<Range<u32>, Reply> {
    let with = inventory.options.devices;
    let all = with + inventory.without_applications();
    Ok(match form {
        Generation::Legacy if query.boolean("showDevicesWithNoApps")? == Some(true) => 0..all,
        Generation::Middle => match query.choice("deviceApps", &APPS)? {
            Some(0) => 0..all,
            Some(2) => with..all,
            _ => 0..with,
        },
        Generation::Legacy | Generation::Current => 0..with,
    })
}

/// Sorts by compact keys; devices with the same key stay in the default order.
fn order(found: impl Iterator<Item = (u32, Device)>, column: SortColumn, ascending: bool, oddities: bool) -> Vec<u32> {
    match column {
        SortColumn::Id => {
            let mut ranks: Vec<u32> = found.map(|(rank, _)| rank).collect();
            if ascending {
                ranks.reverse();
            }
            ranks
        }
        SortColumn::Discovered => sorted(found.map(|(rank, device)| (device.discovered, rank)), ascending),
        SortColumn::LastScanned => sorted(found.map(|(rank, device)| (device.last_scanned, rank)), ascending),
        SortColumn::Name => sorted(found.map(|(rank, device)| (device.name(oddities), rank)), ascending),
        SortColumn::Address => sorted(found.map(|(rank, device)| (device.address, rank)), ascending),
    }
}

fn sorted<K: Ord>(keys: impl Iterator<Item = (K, u32)>, ascending: bool) -> Vec<u32> {
    let mut keys: Vec<(K, u32)> = keys.collect();
    if ascending {
        keys.sort_unstable();
    } else {
        keys.sort_unstable_by(|(a, a_rank), (b, b_rank)| (Reverse(a), a_rank).cmp(&(Reverse(b), b_rank)));
    }
    keys.into_iter().map(|(_, rank)| rank).collect()
}

impl<'q> DeviceListFilter<'q> {
    fn read(query: &RequestQuery<'q>, inventory: Inventory<'_>, form: Generation) -> Result<Self, Reply> {
        let mut filter = Self {
            address: query.get("filter"),
            scanned: flag(query.choice("scanType", &SCAN_TYPES)?, 2),
            external: flag(query.choice("scope", &SCOPES)?, 1),
            source: match query.choice("source", &SOURCES)? {
                Some(1) => Some(DeviceSource::AgentBased),
                Some(2) => Some(DeviceSource::Agentless),
                Some(3) => Some(DeviceSource::NessusImport),
                _ => None,
            },
            // For an id of another tenant the vendor falls back on all scanners.
            scanner: query.number("scannerId").and_then(|id| inventory.scanner_number(id)),
            ..Self::default()
        };
        if form != Generation::Current {
            filter.risks = query
                .choice("riskLevel", &LEGACY_RISKS)?
                .filter(|choice| *choice > 0)
                .map(|choice| 1 << LEGACY_LEVELS[choice]);
            if form == Generation::Middle {
                filter.reachable = flag(query.choice("reachabilityStatus", &REACHABILITY)?, 1);
            }
        } else {
            filter.risks = query.choices("riskLevel", &RISKS)?;
            filter.statuses = query.choices("status", &STATUSES)?;
            filter.ping = query.choice("respondsToICMPPing", &PINGS)?.and_then(|choice| u8::try_from(choice).ok());
            filter.tags = query.get("tags").map(|list| TagFilter { list, bits: tag_bits(list) });
        }
        Ok(filter)
    }

    fn is_none(&self) -> bool {
        self.address.is_none()
            && self.risks.is_none()
            && self.scanned.is_none()
            && self.external.is_none()
            && self.source.is_none()
            && self.scanner.is_none()
            && self.statuses.is_none()
            && self.ping.is_none()
            && self.reachable.is_none()
            && self.tags.is_none()
    }

    fn accepts(&self, device: &Device, given: &DeviceTags) -> bool {
        self.risks.is_none_or(|risks| risks >> device.risk & 1 == 1)
            && self.scanned.is_none_or(|scanned| device.scanned == scanned)
            && self.external.is_none_or(|external| device.external == external)
            && self.source.is_none_or(|source| device.source == source)
            && self.scanner.is_none_or(|scanner| device.scanner == scanner)
            && self.statuses.is_none_or(|statuses| statuses >> device.status as u32 & 1 == 1)
            && self.ping.is_none_or(|ping| device.ping == ping)
            && self.reachable.is_none_or(|reachable| (device.ping == 2) == reachable)
            && self.tags.as_ref().is_none_or(|tags| match given.of(device.id) {
                Some(given) => tags.list.split(',').any(|name| given.iter().any(|tag| tag.tag == name.trim())),
                None => device.tags & tags.bits != 0,
            })
            && self.address.is_none_or(|part| {
                let mut text = String::with_capacity(15);
                // Writing to a string cannot fail.
                write!(text, "{}", device.address).is_ok() && text.contains(part)
            })
    }
}

/// A choice of `all` (0) and two others as a Boolean that is true for the one at `yes`.
fn flag(choice: Option<usize>, yes: usize) -> Option<bool> {
    choice.filter(|choice| *choice > 0).map(|choice| choice == yes)
}

/// The bits of the tags in a comma list; tags that no device has add none.
fn tag_bits(list: &str) -> u8 {
    list.split(',')
        .filter_map(|tag| words::TAGS.iter().position(|known| *known == tag.trim()))
        .fold(0, |bits, position| bits | 1 << position)
}
