//! Get Device: a device's applications, and what its agent tells of it.

use async_trait::async_trait;
use soar_connector::{Parameters, ReplyPage};

use super::probe::Probe;
use super::{CommandHandler, required_integer};
use crate::session::Call;
use crate::vendor::{DevicePart, Failure, PartOfDevice};

pub(super) struct GetDevice;

/// The parts that an agent tells, and their names in a row.
const OF_AGENT: [(DevicePart, &str, &str); 3] = [
    (DevicePart::Overview, "overview", "overview"),
    (DevicePart::OperatingSystem, "operatingSystem", "operating system"),
    (DevicePart::Patches, "patches", "patches"),
];

#[async_trait]
impl CommandHandler for GetDevice {
    fn probe(&self) -> Probe {
        Probe::about("List Devices", |device| Box::new(PartOfDevice { device, part: DevicePart::Applications }))
    }

    async fn run(&self, parameters: &Parameters, call: &mut Call<'_>) -> Result<(), Failure> {
        let device = required_integer(parameters, "Device ID")?;
        // Asked for first: every device has a list of applications, so its absence means that there is no such device.
        let list = call.keep(&PartOfDevice { device, part: DevicePart::Applications }).await?;
        if let Some(missing) = &list.missing {
            call.miss(&format!("The list of applications is not whole. {missing}"));
        }
        let applications: Vec<_> = list.rows().collect();
        let mut row = format!("{{\"id\":{device},\"applications\":[{}]", applications.join(","));
        let mut absent = Vec::new();
        for (part, member, words) in OF_AGENT {
            let text = match call.keep(&PartOfDevice { device, part }).await {
                Ok(list) if part == DevicePart::Patches => format!("[{}]", list.rows().collect::<Vec<_>>().join(",")),
                Ok(list) => list.rows().next().unwrap_or("null").to_owned(),
                Err(failure) if failure.has_status(&[404, 501]) => {
                    absent.push(words);
                    "null".to_owned()
                }
                Err(failure) => return Err(failure),
            };
            row.push_str(&format!(",\"{member}\":{text}"));
        }
        if !absent.is_empty() {
            let text = format!("Footprint has no {} of this device. Only an agent tells them.", absent.join(", "));
            call.warn("parts-missing", text);
        }
        row.push('}');
        call.hand_on(ReplyPage::of_rows([row])).await
    }
}
