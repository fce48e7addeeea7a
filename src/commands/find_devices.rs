//! Find Devices: the devices with a part of a name or address, with a CVE or with an application.

use std::collections::HashSet;

use async_trait::async_trait;
use soar_connector::{Parameters, ReplyPage};

use super::CommandHandler;
use super::probe::Probe;
use crate::findings::{Device, DeviceReader, VulnerabilityReader, whole_number};
use crate::session::{Call, KeptList};
use crate::vendor::{DeviceDetail, DevicePart, Devices, EveryDevice, Failure, PartOfDevice};

pub(super) struct FindDevices;

#[async_trait]
impl CommandHandler for FindDevices {
    fn probe(&self) -> Probe {
        Probe::Ask(Box::new(Devices { filter: None, page_size: None }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let text = |name| parameters.text(name).map(str::to_lowercase);
        let (name, address) = (text("Name"), text("IP"));
        let (cve, application) = (text("CVE"), text("Application"));
        if [&name, &address, &cve, &application].iter().all(|given| given.is_none()) {
            let text = "Give at least one of Name, IP, CVE and Application. List Devices lists all devices.";
            return Err(Failure::new("missing-parameter", text));
        }
        let (mut found, reader) = (Vec::new(), DeviceReader::new());
        let missing = call
            .each_row(&EveryDevice { scanner: None }, |row| {
                if let Some(device) = reader.read(row)? {
                    let has = |given: &Option<String>, text: &str| {
                        given.as_ref().is_none_or(|given| text.to_lowercase().contains(given))
                    };
                    if has(&name, &device.name) && has(&address, &device.ip) {
                        found.push((device, row.to_owned()));
                    }
                }
                Ok(())
            })
            .await?;
        if let Some(missing) = missing {
            call.miss(&format!("The list of devices is not whole. {missing}"));
        }
        if let Some(cve) = cve {
            found = with_cve(found, &cve, call).await?;
        }
        if let Some(application) = application {
            found = with_application(found, &application, call).await?;
        }
        if found.is_empty() {
            return Ok(());
        }
        call.hand_on(ReplyPage::of_rows(found.into_iter().map(|(_, row)| row))).await
    }
}

type DeviceMatches = Vec<(Device, String)>;

/// Those of the devices whose own list has the CVE. A count of 0 needs no list.
async fn with_cve(mut found: DeviceMatches, cve: &str, call: &mut Call<'_>) -> Result<DeviceMatches, Failure> {
    found.retain(|(device, _)| device.cves != Some(0));
    let reader = VulnerabilityReader::new();
    let has = |row: &str| reader.read(row).is_ok_and(|row| row.cve().eq_ignore_ascii_case(cve));
    let endpoint = |(device, _): &(Device, String)| DeviceDetail::Vulnerabilities { device: device.id };
    let ids = having(&found, endpoint, has, call).await?;
    found.retain(|(device, _)| ids.contains(&device.id));
    Ok(found)
}

/// Those of the devices that have an application with this text in its name, or in its name and version.
async fn with_application(mut found: DeviceMatches, text: &str, call: &mut Call<'_>) -> Result<DeviceMatches, Failure> {
    let reader = soar_connector::RowReader::of_members(&["name", "version"]);
    let has = |row: &str| {
        reader.read(row).is_ok_and(|row| {
            let part = |name| row.get(name).map(soar_connector::cell_text).unwrap_or_default();
            format!("{} {}", part("name"), part("version")).to_lowercase().contains(text)
        })
    };
    let endpoint = |(device, _): &(Device, String)| PartOfDevice { device: device.id, part: DevicePart::Applications };
    let ids = having(&found, endpoint, has, call).await?;
    found.retain(|(device, _)| ids.contains(&device.id));
    Ok(found)
}

/// The ids of the devices that have a row that `has` accepts in their list. A device that is gone has none.
async fn having<E: crate::vendor::Endpoint + Send>(
    found: &DeviceMatches,
    endpoint: impl Fn(&(Device, String)) -> E + Send + Sync,
    has: impl Fn(&str) -> bool + Send + Sync,
    call: &mut Call<'_>,
) -> Result<HashSet<i64>, Failure> {
    let mut ids = HashSet::new();
    let (mut gone, mut cut) = (0_u64, 0_u64);
    call.keep_each(found, endpoint, |(device, _), list: Result<KeptList, Failure>| {
        match list {
            Ok(list) if list.rows().any(&has) => drop(ids.insert(device.id)),
            Ok(list) => cut += u64::from(list.missing.is_some()),
            Err(failure) if failure.has_status(&[404]) => gone += 1,
            Err(failure) => return Err(failure),
        }
        Ok(None)
    })
    .await?;
    if gone + cut > 0 {
        call.miss(&format!(
            "{gone} devices were gone, and the lists of {cut} were not whole, when they were asked for."
        ));
    }
    Ok(ids)
}

/// The raw row of one device of the tenant.
pub(super) async fn row_of(device: i64, call: &mut Call<'_>) -> Result<Option<String>, Failure> {
    let (mut found, reader) = (None, soar_connector::RowReader::of_members(&["id"]));
    let missing = call
        .each_row(&EveryDevice { scanner: None }, |row| {
            if reader.read(row)?.get("id").and_then(whole_number) == Some(device) {
                found = Some(row.to_owned());
            }
            Ok(())
        })
        .await?;
    match (found, missing) {
        (None, Some(missing)) => {
            let text = format!("{device} was looked for in List Devices, which did not come whole: {missing}");
            Err(Failure::new("unexpected-reply", text))
        }
        (found, _) => Ok(found),
    }
}
