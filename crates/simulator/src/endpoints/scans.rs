//! `/console/scans/`: the history of scans that people started, since the middle generation.

use serde::Serialize;

use crate::{
    call::RoutedRequest,
    data::moment::{FormattedTime, TODAY},
    dialect::EndpointForm,
    page::{PageSlice, PastLast},
    reply::Reply,
    scans::{FIRST_SCAN, Scan, ScanProgress},
};

const STATUSES: [&str; 6] = ["created", "done", "interrupted", "requested", "running", "stopped"];
const COLUMNS: [&str; 5] = ["endDate", "scanUuid", "scanner", "startDate", "status"];
const DIRECTIONS: [&str; 2] = ["ascending", "descending"];

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScanRow {
    scan_uuid: String,
    status: &'static str,
    start_datetime: Option<FormattedTime>,
    end_datetime: Option<FormattedTime>,
    scanner_id: u64,
    scanner_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_inputs: Option<Vec<String>>,
}

impl ScanRow {
    fn of(call: &RoutedRequest<'_>, scan: Scan) -> Self {
        let duration = call.world.options.scan_duration;
        let stage = scan.stage(call.world.clock.now_micros(), duration);
        let inventory = call.inventory();
        let scanner = inventory.scanner_by_id(scan.scanner);
        let first_entries = 1..=call.world.options.scan_surface_entries.min(3);
        Self {
            status: stage.word(),
            start_datetime: (stage != ScanProgress::Requested).then(|| FormattedTime::iso(scan.started)),
            end_datetime: stage.is_over().then(|| FormattedTime::iso(scan.ends(duration))),
            scanner_id: scan.scanner,
            scanner_name: scanner.map(|scanner| scanner.label()).unwrap_or_default(),
            user_inputs: (call.dialect().scans == EndpointForm::Current).then(|| match scan.input {
                Some(input) => vec![input],
                None => first_entries.map(|number| inventory.entry(number).input).collect(),
            }),
            scan_uuid: scan.uuid,
        }
    }
}

/// The tenant's scans, newest first. The oldest ended before the instance was started.
fn scans(call: &RoutedRequest<'_>) -> impl Iterator<Item = Scan> {
    let tenant = call.tenant;
    let first = Scan {
        number: 0,
        uuid: FIRST_SCAN.to_owned(),
        tenant,
        scanner: call.inventory().scanner_id(2),
        input: None,
        started: (TODAY - 86_400) * 1_000_000,
        stopped: None,
    };
    call.world.scans.of_tenant(tenant).into_iter().chain([first])
}

/// A page of scans, newest first unless the request sorts them.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let query = call.query;
    let status = query.choice("status", &STATUSES)?.map(|choice| STATUSES[choice]);
    let column = query.choice("sortColumn", &COLUMNS)?;
    let ascending = query.choice("sortDirection", &DIRECTIONS)? == Some(0);
    let extend = query.boolean("isExtendScan")?.unwrap_or(false);
    let scanner = query.number("scannerId");
    let texts = [query.folded("filter"), query.folded("scanner")];
    let mut rows: Vec<ScanRow> = scans(call)
        .map(|scan| ScanRow::of(call, scan))
        .filter(|row| status.is_none_or(|status| row.status == status))
        .filter(|row| scanner.is_none_or(|id| row.scanner_id == id) && !extend)
        .filter(|row| {
            let name = row.scanner_name.to_lowercase();
            texts.iter().flatten().all(|text| name.contains(text))
        })
        .collect();
    match column {
        Some(1) => rows.sort_by(|a, b| b.scan_uuid.cmp(&a.scan_uuid)),
        Some(2) => rows.sort_by(|a, b| b.scanner_name.cmp(&a.scanner_name)),
        Some(4) => rows.sort_by(|a, b| b.status.cmp(a.status)),
        // Newest first is also the order by start and by end.
        _ => {}
    }
    if ascending {
        rows.reverse();
    }
    let page = PageSlice::of(call, Some("size"), PastLast::ByGeneration, rows.len() as u64)?;
    let shown = (0..).zip(rows).filter(|(index, _)| page.rows.contains(index)).map(|(_, row)| row);
    Ok(page.reply(shown))
}

/// One scan.
pub(crate) fn show(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    scans(call)
        .find(|scan| scan.uuid == call.element)
        .map(|scan| Reply::json(&ScanRow::of(call, scan)))
        .ok_or_else(Reply::not_found)
}
