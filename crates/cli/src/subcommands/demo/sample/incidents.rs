//! The invented incidents and cases, as a file to import.

use serde_json::{Value, json};
use soar_store::model::Moment;

use super::{DAY, HOUR, SEED};
use crate::subcommands::demo::names::{ADMINISTRATOR, ANALYST, CLIENT, SITE};

/// The number of incidents beside those with a story of their own.
const INCIDENTS: u32 = 60;

/// The cases.
pub(crate) fn cases(now: Moment) -> Value {
    let case = |number: &str, title: &str, priority: &str, days: u32| {
        let reported = (now - DAY * days).to_string();
        json!({ "number": number, "title": title, "site": SITE, "caseType": "Sample", "priority": priority,
                "owner": ADMINISTRATOR, "reportedAt": reported, "createdAt": reported })
    };
    json!([
        case("20261120-1", "Exposed remote desktops", "High", 6),
        case("20261120-2", "Phishing of the finance team", "Medium", 5),
        case("20261101-3", "Unpatched mail servers", "High", 21),
    ])
}

/// The incidents.
pub(crate) fn incidents(now: Moment) -> Value {
    let ago = |hours: u32| (now - HOUR * hours).to_string();
    let recent = [
        json!({ "number": "20261120-101", "title": "Critical vulnerability on a mail server", "site": SITE,
                "incidentType": "Vulnerability", "severity": "Critical", "owner": ADMINISTRATOR,
                "createdAt": ago(30), "cases": [{ "number": "20261120-1" }],
                "description": "Sample data: the mail server runs a version with a public exploit." }),
        json!({ "number": "20261120-102", "title": "Remote desktop open to the internet", "site": SITE,
                "incidentType": "Exposure", "severity": "High", "owner": ANALYST, "createdAt": ago(26),
                "cases": [{ "number": "20261120-1" }], "linkedIncidents": [{ "number": "20261120-101" }],
                "tasks": [{ "name": "Isolate the device", "required": true, "done": false },
                          { "name": "Tell its owner", "required": false, "done": true }] }),
        json!({ "number": "20261120-103", "title": "Invoice with a macro opened", "site": SITE,
                "incidentType": "Phishing", "severity": "Medium", "owner": ANALYST, "createdAt": ago(20),
                "cases": [{ "number": "20261120-2" }],
                "fields": [{ "section": "Review", "name": "Root Cause", "kind": "Activity", "requiredOnClose": true }] }),
        json!({ "number": "20261120-104", "title": "Scanner without contact", "site": SITE,
                "incidentType": "Operation", "severity": "Low", "createdAt": ago(9) }),
    ];
    generated(now).chain(recent).collect()
}

/// Incidents of the last half year. Older ones are closed.
fn generated(now: Moment) -> impl Iterator<Item = Value> {
    let mut dice = fastrand::Rng::with_seed(SEED);
    let what = ["Exploit for", "New critical finding on", "Late fix on", "Unknown device beside", "Open port on"];
    let which = ["web-03", "mail-01", "vpn-gateway", "db-07", "build-agent-2", "hr-portal", "backup-01"];
    let kinds = ["Vulnerability", "Exposure", "Phishing", "Malware"];
    let severities = ["Critical", "High", "Medium", "Low"];
    (0..INCIDENTS).rev().map(move |number| {
        let created = now - HOUR * (60 + number * 70 + dice.u32(..60));
        let day: String = created.to_string().chars().take(10).filter(char::is_ascii_digit).collect();
        let closed = created + HOUR * dice.u32(4..50);
        let is_closed = number > 14 && dice.u8(..10) > 0;
        let mut incident = json!({
            "number": format!("{day}-{}", 300 + number),
            "title": format!("{} {}", dice.choice(what).unwrap_or_default(), dice.choice(which).unwrap_or_default()),
            "description": "Sample data",
            "site": if dice.u8(..4) == 0 { CLIENT } else { SITE },
            "incidentType": dice.choice(kinds),
            "severity": dice.choice(severities),
            "owner": if dice.bool() { ADMINISTRATOR } else { ANALYST },
            "createdAt": created.to_string(),
        });
        if is_closed {
            incident["status"] = "Closed".into();
            incident["closedAt"] = closed.to_string().into();
            incident["closedBy"] = ANALYST.into();
            incident["modifiedAt"] = closed.to_string().into();
            incident["conclusion"] = "Patched (sample data)".into();
        }
        incident
    })
}
