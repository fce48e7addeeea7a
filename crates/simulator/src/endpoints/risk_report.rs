//! `GET /console/reporting/contextualRiskReport/`: vulnerabilities of a tenant with their contextual scores.
//!
//! The report has one row for each context of a device, and lacks devices in no context, as its documents let expect. It has
//! closed vulnerabilities too, which the documents leave open.

use serde_json::{Value, json};

use crate::{
    Generation,
    call::RoutedRequest,
    data::{
        device::Device,
        inventory::Inventory,
        vulnerability::{STATES, Vulnerability},
    },
    page::{PageSlice, PastLast},
    reply::Reply,
};

pub(crate) fn list(call: &RoutedRequest<'_>) -> Result<Reply, Reply> {
    let inventory = call.inventory();
    let devices = (0..call.world.options.devices).map(|rank| inventory.device_at(rank));
    // Each device with the number of its rows and the position of the first.
    let mut total = 0;
    let mut placed = Vec::new();
    for device in devices {
        let rows = contexts(&device) * u64::from(inventory.findings(&device, &call.history(&device)));
        placed.push((total, rows, device));
        total += rows;
    }
    let page = PageSlice::of(call, Some("size"), PastLast::ByGeneration, total)?;
    let rows = placed.iter().flat_map(|(first, rows, device)| {
        let history = call.history(device);
        let wanted = page.rows.start.max(*first)..page.rows.end.min(first + rows);
        wanted.map(move |index| {
            let of_device = index - first;
            let number = u32::try_from(of_device / contexts(device)).unwrap_or_default();
            let finding = inventory.finding(device, number, &history);
            row(&inventory, device, &finding, index, of_device % contexts(device))
        })
    });
    Ok(page.reply(rows))
}

/// How many contexts a device is in.
fn contexts(device: &Device) -> u64 {
    match device.number % 8 {
        7 => 0,
        1 => 2,
        _ => 1,
    }
}

fn row(inventory: &Inventory<'_>, device: &Device, finding: &Vulnerability, index: u64, context: u64) -> Value {
    let cvss = finding.cvss;
    let application = finding.affected.rsplit_once(' ').map_or(finding.affected.as_str(), |(name, _)| name);
    // A device's second context makes its vulnerabilities a little worse.
    let score = (cvss.base * 9.0 + context as f64 * 5.0).min(100.0);
    let exploited = finding.exploit_known && cvss.base >= 9.0;
    let mut row = json!({
        "index": index + 1,
        "deviceId": device.id,
        "applicationId": finding.element,
        "deviceLabel": device.name(inventory.options.oddities),
        "ip": device.address,
        "applicationName": application,
        "dnsNames": [],
        "cve": finding.cve,
        "description": finding.summary,
        "solution": null,
        "vulnerabilityState": STATES[finding.state],
        "cpe": null,
        "protocol": null,
        "attackVector": cvss.word("AV"),
        "port": null,
        "cvssAv": null,
        "cvssV3BaseScore": cvss.base,
        "cvssNormalized": cvss.base,
        "cvssNormalizedSeverity": cvss.severity(),
        "campaign": 0,
        "exploitScore": u8::from(finding.exploit_known),
        "businessImpact": 3,
        "zoneExposure": 2,
        "userExposure": 1,
        "assetZone": "Internet",
        "accessibleBy": "Servers & Users",
        "crsProbability": score / 100.0,
        "crssSeverity": word(score),
    });
    let generation = inventory.options.generation;
    let mut put = |name: &str, value: Value| row[name] = value;
    if generation == Generation::Current {
        put("vulnerabilityElementId", json!(finding.id));
        put("virtualVulnerabilityElementId", json!(0));
        put("vulnerabilityCrs", json!(score));
        put("crssColor", json!("#d32f2f"));
        put("deviceSeverity", json!(word(score)));
        put("businessContextName", json!(format!("Business {context}")));
        put("businessContextId", json!(context + 1));
        put("technicalContextId", json!(inventory.id(1)));
    } else {
        put("id", json!(index + 1));
        put("cvssV2BaseScore", json!(cvss.base));
        put("crss", json!(score));
        put("clientSystem", json!(format!("Business {context}")));
        put("clientSystemId", json!(context + 1));
    }
    if generation == Generation::Legacy {
        put("weaponized", json!(exploited));
        put("exploitable", json!(finding.exploit_known));
    } else {
        put("isWeaponized", json!(exploited));
        put("isExploitable", json!(finding.exploit_known));
    }
    row
}

fn word(score: f64) -> &'static str {
    match score {
        score if score >= 80.0 => "critical",
        score if score >= 60.0 => "high",
        score if score >= 30.0 => "medium",
        _ => "low",
    }
}
