//! `GET /console/scanSurface/`: what people asked to be scanned and what came of it.

use std::net::Ipv4Addr;

use serde::Serialize;

use crate::{
    call::RoutedRequest,
    data::{
        inventory::Inventory,
        moment::{FormattedTime, TODAY},
        odd::{Odd, Oddities},
        surface::{ScanTarget, SurfaceEntry},
        words,
    },
    dialect::EndpointForm,
    entries::AddedEntry,
    page::{PageSlice, PastLast},
    reply::Reply,
    scopes::Scope,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SurfaceRow {
    id: u64,
    user: Odd<SurfaceUser>,
    scan_date: Odd<FormattedTime>,
    scanners: Vec<ScannerPart>,
    input: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SurfaceUser {
    first_name: &'static str,
    last_name: &'static str,
    photo: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScannerPart {
    id: u64,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_active: Option<bool>,
    potential_targets: Vec<PotentialTarget>,
    current_targets: Vec<CurrentTarget>,
}

#[derive(Debug, Serialize)]
struct PotentialTarget {
    value: String,
    source: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentTarget {
    id: u64,
    ip: Ipv4Addr,
    organization: &'static str,
    description: &'static str,
    hostnames: Vec<String>,
    range: String,
    is_range_scanned: bool,
    is_target_stopped: bool,
    is_target_paused: bool,
    results: Odd<ScanResults>,
}

#[derive(Debug, Serialize)]
struct ScanResults {
    applications: ResultCount,
    devices: ResultCount,
}

#[derive(Debug, Serialize)]
struct ResultCount {
    count: u64,
}

/// A page of entries, newest first, of all scanners or one; on the current generation also by text.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let inventory = call.inventory();
    let entries = call.world.options.scan_surface_entries;
    let scanner = scanner_filter(call);
    let search = match call.dialect().scan_surface {
        EndpointForm::Legacy => None,
        EndpointForm::Current => call.query.folded("textFilter"),
    };
    let found: Vec<u32> = (1..=entries)
        .rev()
        .filter(|number| {
            scanner.is_none_or(|scanner| inventory.entry_scanners(*number).contains(&scanner))
                && search.as_ref().is_none_or(|search| inventory.entry(*number).input.to_lowercase().contains(search))
        })
        .collect();
    let mut entries: Vec<ListedEntry> = call
        .world
        .entries
        .of_tenant(call.tenant)
        .into_iter()
        .filter(|entry| scanner.is_none_or(|scanner| entry.scanners.contains(&scanner)))
        .filter(|entry| search.as_ref().is_none_or(|search| entry.input.to_lowercase().contains(search)))
        .map(ListedEntry::Added)
        .collect();
    entries.extend(found.into_iter().map(ListedEntry::First));
    let page = PageSlice::of(call, None, PastLast::NotFound, entries.len() as u64)?;
    let shown = page.rows.clone().filter_map(|row| entries.get(usize::try_from(row).ok()?));
    Ok(page.reply(shown.map(|entry| match entry {
        ListedEntry::Added(entry) => added_row(call, inventory, entry),
        ListedEntry::First(number) => row(call, inventory, inventory.entry(*number)),
    })))
}

/// An entry of the list.
enum ListedEntry {
    /// One that a user added.
    Added(AddedEntry),
    /// The number of one that was there at the start.
    First(u32),
}

/// The row of an entry that a user added. It has no targets, because no scan of the simulator finds any.
fn added_row(call: &RoutedRequest<'_>, inventory: Inventory<'_>, entry: &AddedEntry) -> SurfaceRow {
    let current = call.dialect().scan_surface == EndpointForm::Current;
    let part = |number: &u32| {
        let scanner = inventory.scanner(*number);
        ScannerPart {
            id: scanner.id,
            label: scanner.label(),
            is_active: current.then(|| scanner.is_active()),
            potential_targets: Vec::new(),
            current_targets: Vec::new(),
        }
    };
    SurfaceRow {
        id: entry.id,
        user: Odd::Plain(SurfaceUser { first_name: "Ada", last_name: "Example", photo: "" }),
        scan_date: Odd::Plain(FormattedTime::iso(entry.added)),
        scanners: entry.scanners.iter().map(part).collect(),
        input: entry.input.clone(),
    }
}

/// The number of the scanner to filter by; for an id of another tenant the vendor shows all.
pub(super) fn scanner_filter(call: &RoutedRequest<'_>) -> Option<u32> {
    let id = call.query.number("scannerId")?;
    call.inventory().scanner_number(id)
}

fn row(call: &RoutedRequest<'_>, inventory: Inventory<'_>, entry: SurfaceEntry) -> SurfaceRow {
    let odd = Oddities::of_row(call.world.options.oddities, entry.roll);
    let roll = entry.roll as usize;
    let scan_date = (TODAY - entry.roll % 9_000_000) * 1_000_000 + (entry.roll >> 44);
    let current = call.dialect().scan_surface == EndpointForm::Current;
    let scanners = entry
        .scanners
        .iter()
        .map(|number| {
            let scanner = inventory.scanner(*number);
            ScannerPart {
                id: scanner.id,
                label: scanner.label(),
                is_active: current.then(|| scanner.is_active()),
                potential_targets: potential_targets(&entry),
                current_targets: inventory
                    .targets(&entry, *number)
                    .iter()
                    .map(|target| current_target(call, &entry, target))
                    .collect(),
            }
        })
        .collect();
    SurfaceRow {
        id: entry.id,
        user: odd.value(
            1,
            SurfaceUser {
                first_name: words::pick(words::FIRST_NAMES, roll >> 24),
                last_name: words::pick(words::LAST_NAMES, roll >> 28),
                photo: odd.photo(2),
            },
        ),
        scan_date: odd.moment(3, scan_date),
        scanners,
        input: entry.input,
    }
}

fn potential_targets(entry: &SurfaceEntry) -> Vec<PotentialTarget> {
    if !entry.external {
        return Vec::new();
    }
    vec![PotentialTarget {
        value: format!("mail{}.example.com", entry.number),
        source: words::pick(&["certificate", "DNS", "e-mail"], (entry.roll >> 33) as usize),
    }]
}

fn current_target(call: &RoutedRequest<'_>, entry: &SurfaceEntry, target: &ScanTarget) -> CurrentTarget {
    let odd = Oddities::of_row(call.world.options.oddities, target.roll);
    let scope = call.world.scopes.get(target.id);
    let bits = if entry.external { 28 } else { 24 };
    CurrentTarget {
        id: target.id,
        ip: target.address,
        organization: odd.text(1, "Example Networks"),
        description: odd.text(2, words::pick(words::SYSTEMS, (target.roll >> 8) as usize)),
        hostnames: match target.roll & 3 {
            0 => Vec::new(),
            _ => vec![format!("host-{}.example.com", target.id)],
        },
        range: format!("{}/{bits}", entry.network()),
        is_range_scanned: scope == Scope::All,
        is_target_stopped: scope == Scope::Out,
        is_target_paused: false,
        results: odd.value(
            3,
            ScanResults {
                applications: ResultCount { count: (target.roll >> 16) % 12 },
                devices: ResultCount { count: (target.roll >> 24) % 3 },
            },
        ),
    }
}
