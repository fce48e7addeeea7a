//! `GET /console/elements/device/{deviceId}/attackavenues/`: ways to attack a device.

use serde::Serialize;

use super::{devices::find, vulnerability_rows::CurrentVulnerability};
use crate::{
    call::RoutedRequest,
    data::{
        avenue::Avenue,
        device::Device,
        inventory::Inventory,
        moment::FormattedTime,
        odd::{Odd, Oddities},
        vulnerability::STATES,
        words,
    },
    dialect::EndpointForm,
    page::{PageSlice, PastLast, whole},
    reply::Reply,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LegacyAvenue {
    id: u64,
    element_id: u64,
    title: &'static str,
    state: &'static str,
    motivation_text: &'static str,
    discovered_on: Odd<FormattedTime>,
    cvss_base: String,
    impact: &'static str,
    severity: &'static str,
    vulnerability_detection_result: String,
    vulnerability_detection_method: &'static str,
    vulnerability_insight: &'static str,
    solution: &'static str,
    r#ref: [&'static str; 1],
    #[serde(rename = "affectedSoftwareOS")]
    affected_software_os: &'static str,
    quality_of_detection: String,
    summary: String,
    vulnerabilities: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CurrentAvenue {
    id: u64,
    element_id: u64,
    title: &'static str,
    state: &'static str,
    motivation_text: &'static str,
    discovered_on: Odd<FormattedTime>,
    last_scanned: Odd<FormattedTime>,
    last_update: Odd<FormattedTime>,
    cvss_base: String,
    impact: Odd<&'static str>,
    severity: &'static str,
    vulnerability_detection_result: Odd<String>,
    vulnerability_detection_method: Odd<&'static str>,
    vulnerability_insight: Odd<&'static str>,
    related_application: Odd<AvenueApplication>,
    solution: &'static str,
    state_fixed_reason: &'static str,
    #[serde(rename = "affectedSoftwareOS")]
    affected_software_os: Odd<&'static str>,
    quality_of_detection: Odd<u8>,
    summary: String,
    vulnerabilities: Vec<CurrentVulnerability>,
}

#[derive(Debug, Serialize)]
struct AvenueApplication {
    name: &'static str,
    version: Odd<&'static str>,
    port: Odd<u16>,
}

const METHOD: &str = "The service was asked for its configuration.";
const INSIGHT: &str = "Attackers use this as a first step.";
const IMPACT: &str = "An attacker on the network gains information or access.";
const SOLUTION: &str = "Change the configuration of the service or restrict who can reach it.";

/// Legacy: all as an array. Current: pages, by state, with or without informational ones.
pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let device = find(call)?;
    let inventory = call.inventory();
    let avenues = (0..device.avenues).map(|number| inventory.avenue(&device, number));
    if call.dialect().attack_avenues == EndpointForm::Legacy {
        let shown = whole(call, u64::from(device.avenues));
        let count = usize::try_from(shown.end).unwrap_or(usize::MAX);
        return Ok(Reply::array(avenues.take(count).map(|avenue| legacy(call, &device, &avenue))));
    }
    let states = call.query.choices("states", &STATES)?;
    let hide = call.query.boolean("hideInformationalEntries")?.unwrap_or(false);
    let found: Vec<Avenue> = avenues
        .filter(|avenue| !(hide && avenue.score == 0))
        .filter(|avenue| {
            let state = STATES.iter().position(|state| *state == avenue.state);
            states.is_none_or(|states| state.is_some_and(|state| states >> state & 1 == 1))
        })
        .collect();
    let page = PageSlice::of(call, Some("size"), PastLast::ByGeneration, found.len() as u64)?;
    let rows = page.rows.clone().filter_map(|row| found.get(usize::try_from(row).ok()?));
    Ok(page.reply(rows.map(|avenue| current(call, &inventory, &device, avenue))))
}

fn legacy(call: &RoutedRequest<'_>, device: &Device, avenue: &Avenue) -> LegacyAvenue {
    let odd = Oddities::of_row(call.world.options.oddities, avenue.roll);
    LegacyAvenue {
        id: avenue.id,
        element_id: avenue.element,
        title: avenue.title,
        state: avenue.state,
        motivation_text: "",
        discovered_on: odd.moment(1, avenue.discovered),
        cvss_base: avenue.base(),
        impact: odd.text(2, IMPACT),
        severity: avenue.severity(),
        vulnerability_detection_result: format!("Port {}: {}.", avenue.port, avenue.title),
        vulnerability_detection_method: odd.text(3, METHOD),
        vulnerability_insight: INSIGHT,
        solution: SOLUTION,
        r#ref: ["https://www.example.com/advisories/configuration"],
        affected_software_os: operating_system(device),
        quality_of_detection: avenue.quality.to_string(),
        summary: summary(avenue),
        vulnerabilities: call
            .inventory()
            .avenue_vulnerabilities(device)
            .map(|vulnerability| vulnerability.cve)
            .collect(),
    }
}

fn current(call: &RoutedRequest<'_>, inventory: &Inventory<'_>, device: &Device, avenue: &Avenue) -> CurrentAvenue {
    let odd = Oddities::of_row(call.world.options.oddities, avenue.roll);
    let (name, version, ..) = words::SOFTWARE[avenue.roll as usize % words::SOFTWARE.len()];
    CurrentAvenue {
        id: avenue.id,
        element_id: avenue.element,
        title: avenue.title,
        state: avenue.state,
        motivation_text: "",
        discovered_on: odd.moment(1, avenue.discovered),
        last_scanned: odd.moment(4, avenue.updated),
        last_update: odd.moment(5, avenue.updated),
        cvss_base: avenue.base(),
        impact: odd.nullable(2, Some(IMPACT)),
        severity: avenue.severity(),
        vulnerability_detection_result: odd.nullable(6, Some(format!("Port {}: {}.", avenue.port, avenue.title))),
        vulnerability_detection_method: odd.nullable(3, Some(METHOD)),
        vulnerability_insight: odd.nullable(7, (avenue.roll & 1 == 0).then_some(INSIGHT)),
        related_application: odd.object(
            8,
            AvenueApplication {
                name,
                version: odd.nullable(9, (avenue.roll & 2 == 0).then_some(version)),
                port: odd.nullable(10, Some(avenue.port)),
            },
        ),
        solution: SOLUTION,
        state_fixed_reason: "",
        affected_software_os: odd.nullable(11, Some(operating_system(device))),
        quality_of_detection: odd.value(12, avenue.quality),
        summary: summary(avenue),
        vulnerabilities: inventory
            .avenue_vulnerabilities(device)
            .map(|vulnerability| CurrentVulnerability::of(inventory, vulnerability))
            .collect(),
    }
}

fn summary(avenue: &Avenue) -> String {
    format!("{} on port {}.", avenue.title, avenue.port)
}

fn operating_system(device: &Device) -> &'static str {
    words::pick(words::SYSTEMS_OPERATING, (device.roll >> 20) as usize)
}
