//! `GET /console/elements/devices/`: the list of devices, filtered, sorted and in pages.

use super::{
    device_filter::select,
    device_rows::{CurrentDevice, LegacyDevice, MiddleDevice},
};
use crate::{
    Generation,
    call::RoutedRequest,
    data::{device::Device, scanner::Scanner},
    page::{PageSlice, PastLast},
    reply::Reply,
};

/// A page of devices, newest first unless the request sorts them.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let selection = select(call)?;
    let page = PageSlice::of(call, Some("pageSize"), PastLast::ByGeneration, selection.len())?;
    let inventory = call.inventory();
    let devices = page.rows.clone().filter_map(|row| selection.rank(row)).map(|rank| inventory.device_at(rank));
    let open = |device: &Device| inventory.open_findings(device, &call.history(device));
    Ok(match call.dialect().devices {
        Generation::Legacy => page.reply(devices.map(|device| LegacyDevice::of(&inventory, &device, open(&device)))),
        Generation::Middle => page.reply(devices.map(|device| MiddleDevice::of(&inventory, &device, open(&device)))),
        Generation::Current => {
            let labels: Vec<String> = inventory.scanners().map(Scanner::label).collect();
            let tags = &call.world.tags;
            page.reply(devices.map(|device| CurrentDevice::of(&inventory, &labels, &device, tags.of(device.id))))
        }
    })
}

/// The device that the path names, or 404.
pub(super) fn find(call: &RoutedRequest<'_>) -> Result<Device, Reply> {
    call.inventory().device_by_id(call.element_id()?).ok_or_else(Reply::not_found)
}
