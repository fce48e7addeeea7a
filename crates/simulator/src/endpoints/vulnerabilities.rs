//! `GET /console/elements/device/{deviceId}/vulnerabilities/`: the CVEs of a device.

use super::{
    devices::find,
    vulnerability_rows::{CurrentVulnerability, LegacyVulnerability},
};
use crate::{
    call::RoutedRequest,
    dialect::EndpointForm,
    page::{PageSlice, PastLast, whole},
    reply::Reply,
};

/// Legacy: all as an array. Current: pages.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    let inventory = call.inventory();
    let history = call.history(&device);
    let total = u64::from(inventory.findings(&device, &history));
    let vulnerability = |row: u64| {
        let number = u32::try_from(row).ok()?;
        Some(inventory.finding(&device, number, &history))
    };
    if call.dialect().vulnerabilities == EndpointForm::Legacy {
        let rows = whole(call, total).filter_map(vulnerability);
        return Ok(Reply::array(rows.map(|row| LegacyVulnerability::of(&inventory, row))));
    }
    let page = PageSlice::of(call, None, PastLast::ByGeneration, total)?;
    let rows = page.rows.clone().filter_map(vulnerability);
    Ok(page.reply(rows.map(|row| CurrentVulnerability::of(&inventory, row))))
}
