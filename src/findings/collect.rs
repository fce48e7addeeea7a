//! Reads the vulnerabilities of devices from the devices' own lists, and says what is missing.

use std::collections::HashSet;

use soar_connector::{ReplyPage, SinkError};

use super::device::DeviceReader;
use super::{Device, VulnerabilityRow, finding_row};
use crate::session::{Call, KeptList};
use crate::vendor::{DeviceDetail, EveryDevice, Failure};

/// How many devices without a list are named.
const NAMED: usize = 5;

/// After so many devices without a list, and none with one, the command fails.
const HOPELESS: usize = 10;

/// All devices of the tenant, or those of one scanner. What is missing from the list goes into the receipt.
pub(crate) async fn every_device(scanner: Option<i64>, call: &mut Call<'_>) -> Result<Vec<Device>, Failure> {
    let (mut devices, mut ids) = (Vec::new(), HashSet::new());
    let (mut nameless, reader) = (0_u64, DeviceReader::new());
    let missing = call
        .each_row(&EveryDevice { scanner }, |row| {
            match reader.read(row)? {
                // A device whose row changed while the list was read can come twice.
                Some(device) if ids.insert(device.id) => devices.push(device),
                Some(_) => {}
                None => nameless += 1,
            }
            Ok(())
        })
        .await?;
    if let Some(missing) = missing {
        call.miss(&format!("The list of devices is not whole. {missing}"));
    }
    if nameless > 0 {
        call.miss(&format!("{nameless} rows of the list of devices have no id, so their vulnerabilities are missing."));
    }
    Ok(devices)
}

/// Whether the devices are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// The list of devices has them.
    Listed,
    /// Another list names them. A device that the server does not have lacks nothing.
    Uncertain,
}

/// Reads the vulnerabilities of each device. `keep` looks at every row and says which are handed on, each with the
/// device and the tenant, and with the members that `keep` returns: none, or `"name":value` with commas between them.
///
/// A list that does not come, of a device that is gone or that the server fails over, is missing from the receipt.
///
/// # Errors
/// Errors of the whole connection, such as a lost right. If no device could be read, the first device's error.
pub(crate) async fn collect(
    (devices, presence): (&[Device], Presence),
    call: &mut Call<'_>,
    mut keep: impl FnMut(&Device, &VulnerabilityRow) -> Option<String> + Send,
) -> Result<(), Failure> {
    let tenant = call.tenant().await?;
    let reader = finding_row::VulnerabilityReader::new();
    let mut lost = Lost { is_uncertain: presence == Presence::Uncertain, ..Lost::default() };
    let endpoint = |device: &Device| DeviceDetail::Vulnerabilities { device: device.id };
    let take = |device: &Device, list: Result<KeptList, Failure>| {
        let Some(list) = lost.sort(device, list)? else { return Ok(None) };
        let members = finding_row::members_of(tenant, device);
        let mut rows = Vec::new();
        for row in list.rows() {
            match keep(device, &reader.read(row).map_err(|error| unreadable(&error))?) {
                None => {}
                Some(more) if more.is_empty() => rows.push(finding_row::with_members(row, &members)),
                Some(more) => rows.push(finding_row::with_members(row, &format!("{more},{members}"))),
            }
        }
        Ok((!rows.is_empty()).then(|| ReplyPage::of_rows(rows)))
    };
    call.keep_each(devices, endpoint, take).await?;
    lost.tell(devices.len(), call)
}

fn unreadable(error: &SinkError) -> Failure {
    Failure::new("reply-too-large", format!("A row cannot be read: {error}."))
}

/// The devices whose lists did not come, or not whole.
#[derive(Debug, Default)]
struct Lost {
    /// Whether the devices may not be there.
    is_uncertain: bool,
    came: usize,
    gone: Vec<i64>,
    failed: Vec<i64>,
    cut: Vec<i64>,
    first: Option<Failure>,
}

impl Lost {
    /// The list of a device; `None` where it is missing.
    fn sort(&mut self, device: &Device, list: Result<KeptList, Failure>) -> Result<Option<KeptList>, Failure> {
        let failure = match list {
            Ok(list) => {
                self.came += 1;
                if list.missing.is_some() {
                    self.cut.push(device.id);
                }
                return Ok(Some(list));
            }
            Err(failure) => failure,
        };
        if failure.has_status(&[404]) && self.is_uncertain {
            return Ok(None);
        }
        if failure.has_status(&[404]) {
            self.gone.push(device.id);
        } else if concerns_one_list(&failure) {
            self.failed.push(device.id);
        } else {
            return Err(failure);
        }
        let first = self.first.get_or_insert(failure);
        if self.came == 0 && self.gone.len() + self.failed.len() >= HOPELESS {
            return Err(first.clone());
        }
        Ok(None)
    }

    /// Says what is missing.
    fn tell(self, devices: usize, call: &mut Call<'_>) -> Result<(), Failure> {
        if let Some(first) = self.first.filter(|_| self.came == 0) {
            return Err(first);
        }
        for (ids, what) in [
            (&self.gone, "did not come, because the server no longer had the device"),
            (&self.failed, "did not come, because the server failed"),
            (&self.cut, "are not whole, because the list changed while it was read"),
        ] {
            if !ids.is_empty() {
                let named: Vec<_> = ids.iter().take(NAMED).map(i64::to_string).collect();
                let more = if ids.len() > NAMED { ", …" } else { "" };
                let (count, named) = (ids.len(), named.join(", "));
                call.miss(&format!("The vulnerabilities of {count} of {devices} devices {what}: {named}{more}."));
            }
        }
        Ok(())
    }
}

/// Whether a failure may concern the list of one device only. All others concern the whole connection.
fn concerns_one_list(failure: &Failure) -> bool {
    match (failure.code, failure.status) {
        (None, Some(status)) => matches!(status, 408 | 500 | 502..=504),
        (Some(code), _) => {
            matches!(
                code,
                "unreadable-reply" | "unexpected-reply" | "empty-reply" | "reply-too-large" | "connection-lost"
            )
        }
        (None, None) => false,
    }
}
