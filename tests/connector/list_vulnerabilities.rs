//! List Vulnerabilities: whole or not, filtered, and what a rescan makes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator};
use serde_json::{Value, json};
use soar_connector::Outcome;

use crate::support::{GENERATIONS, administrator, error_of, run};

const COMMAND: &str = "List Vulnerabilities";

async fn instance(generation: Generation, devices: u32, vulnerabilities: u32) -> Simulator {
    let options = Options { generation, devices, vulnerabilities, page_size: 10, ..Options::default() };
    Simulator::start(options).await.unwrap()
}

async fn list(simulator: &Simulator, parameters: Value) -> Outcome {
    let outcome = run(&*administrator(simulator), COMMAND, parameters).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    outcome
}

/// The rows, of all pages.
fn rows(outcome: &Outcome) -> Vec<Value> {
    let raw = serde_json::to_value(&outcome.raw_data).unwrap();
    let pages: Vec<Value> = if raw[0].is_array() { raw.as_array().unwrap().clone() } else { vec![raw] };
    pages.iter().flat_map(|page| page.as_array().cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn every_vulnerability_of_every_device_is_a_row_that_names_the_device() {
    for generation in GENERATIONS {
        let simulator = instance(generation, 120, 23).await;
        let outcome = list(&simulator, json!({})).await;
        let rows = rows(&outcome);
        assert_eq!((rows.len(), outcome.receipt.rows), (120 * 23, 120 * 23), "{generation}");
        assert_eq!(outcome.receipt.missing, None, "{generation}");
        let ids: BTreeSet<_> = rows.iter().map(|row| row["id"].to_string()).collect();
        let devices: BTreeSet<_> = rows.iter().map(|row| row["deviceId"].to_string()).collect();
        assert_eq!((ids.len(), devices.len()), (120 * 23, 120), "{generation}");
        for row in &rows {
            assert!(row["deviceName"].is_string() && row["deviceIp"].is_string() && row["cve"].is_string());
            assert_eq!(row["tenantId"], 1, "{generation}");
            assert_eq!(row["deviceTags"].is_array(), generation == Generation::Current);
        }
        assert!(rows.iter().any(|row| row["deviceRiskLevel"].is_string()), "{generation}");
    }
}

#[tokio::test]
async fn filters_list_what_fits_and_nothing_else() {
    for generation in GENERATIONS {
        let simulator = instance(generation, 40, 12).await;
        let all = rows(&list(&simulator, json!({})).await);
        let cve = all[7]["cve"].as_str().unwrap().to_lowercase();
        let (id, name, ip) = (&all[30]["deviceId"], &all[60]["deviceName"], &all[90]["deviceIp"]);
        let cvss = |row: &Value| row["cvssScore"].as_f64().is_none_or(|score| score >= 7.5);
        let discovered =
            |row: &Value| row["discovered"].as_str().unwrap().get(..10).is_none_or(|day| day >= "2024-01-01");
        type Fits<'a> = &'a dyn Fn(&Value) -> bool;
        let fits: [(Value, Fits<'_>); 6] = [
            (json!({ "CVE": [cve, "CVE-1999-0001"] }), &|row| row["cve"].as_str().unwrap().to_lowercase() == cve),
            (json!({ "Device": [id, name, ip] }), &|row| {
                row["deviceId"] == *id || row["deviceName"] == *name || row["deviceIp"] == *ip
            }),
            (json!({ "Lowest CVSS": "7.5" }), &cvss),
            (json!({ "Exploit Public": "No" }), &|row| row["isPublicExploitAvailable"] == false),
            (json!({ "State": "FixConfirmed, acceptRisk" }), &|row| {
                row["state"] == "fixConfirmed" || row["state"] == "acceptRisk"
            }),
            (json!({ "Discovered Since": "2024-01-01" }), &discovered),
        ];
        for (parameters, fits) in fits {
            let outcome = list(&simulator, parameters.clone()).await;
            let expected: Vec<_> = all.iter().filter(|row| fits(row)).collect();
            assert!(!expected.is_empty() && expected.len() < all.len(), "{generation} {parameters}");
            assert_eq!(rows(&outcome).iter().collect::<Vec<_>>(), expected, "{generation} {parameters}");
            assert_eq!(outcome.receipt.missing, None);
        }
    }
}

#[tokio::test]
async fn a_filter_that_cannot_be_read_sends_nothing_and_an_unknown_device_is_named() {
    let simulator = instance(Generation::Current, 10, 2).await;
    for (parameters, text) in [
        (json!({ "Lowest CVSS": "high" }), "Lowest CVSS: expected a number from 0 to 10, found \"high\"."),
        (json!({ "Discovered Since": "yesterday" }), "Discovered Since: expected a date"),
        (json!({ "Known Devices": ["x"] }), "Known Devices: expected ids of devices, found \"x\"."),
    ] {
        let (code, message) = error_of(&run(&*administrator(&simulator), COMMAND, parameters).await);
        assert!(code == "invalid-parameter" && message.contains(text), "{message}");
    }
    assert!(simulator.requests().is_empty());
    let outcome = list(&simulator, json!({ "Device": "no-such-device" })).await;
    assert_eq!(outcome.warnings[0].code, "device-not-listed");
    assert!(outcome.result.rows.is_empty());
}

#[tokio::test]
async fn what_does_not_come_is_named_in_the_receipt() {
    for generation in GENERATIONS {
        for (fault, said) in [
            ("vulnerabilities status=404 count=1", "because the server no longer had the device"),
            ("vulnerabilities broken count=1 skip=3", "because the server failed"),
            ("devices shift page=2 count=1", "The list of devices is not whole."),
            ("devices short-page page=2 count=1", "The list of devices is not whole."),
        ] {
            let simulator = instance(generation, 230, 3).await;
            simulator.inject(fault.parse().unwrap());
            let outcome = list(&simulator, json!({})).await;
            let missing = outcome.receipt.missing.as_deref().unwrap_or_default();
            assert!(missing.contains(said), "{generation} {fault}: {missing:?}");
            assert!(outcome.warnings.iter().any(|warning| warning.code == "rows-missing"));
            assert!(outcome.receipt.rows >= 229 * 3, "{generation} {fault}: all others came");
        }
    }
    // Several pages of one device's list, on the generation that has them.
    let simulator = instance(Generation::Current, 5, 23).await;
    simulator.inject("vulnerabilities short-page page=2 count=1".parse().unwrap());
    let missing = list(&simulator, json!({})).await.receipt.missing.unwrap_or_default();
    assert!(missing.contains("1 of 5 devices are not whole"), "{missing}");
}

#[tokio::test]
async fn a_failure_that_concerns_more_than_one_device_ends_the_command() {
    for (fault, code) in [
        ("vulnerabilities status=401 skip=5", "not-permitted"),
        ("vulnerabilities status=500", "server-error"),
        ("vulnerabilities status=429 retry-after=9999 skip=5", "rate-limited"),
        ("devices status=403", "not-permitted"),
    ] {
        let simulator = instance(Generation::Current, 30, 2).await;
        simulator.inject(fault.parse().unwrap());
        let (found, text) = error_of(&run(&*administrator(&simulator), COMMAND, json!({})).await);
        assert_eq!(found, code, "{fault}: {text}");
    }
}

#[tokio::test]
async fn a_device_without_open_cves_is_asked_only_if_something_was_known_of_it() {
    for generation in [Generation::Legacy, Generation::Middle] {
        // One vulnerability on each device: where it is fixed, the instance counts none.
        let simulator = instance(generation, 200, 1).await;
        let seen = rows(&list(&simulator, json!({})).await);
        let asked = |simulator: &Simulator| {
            let requests = simulator.requests();
            requests.iter().filter(|request| request.path.ends_with("/vulnerabilities/")).count()
        };
        let (count, before) = (seen.len(), asked(&simulator));
        assert!((150..200).contains(&count) && before == count, "{generation}: {count} {before}");
        assert!(seen.iter().all(|row| row["state"] != "fixConfirmed"));
        let listed: BTreeSet<_> = seen.iter().map(|row| row["deviceId"].as_u64().unwrap()).collect();
        let skipped = (1_050_001..=1_050_200).filter(|id| !listed.contains(id)).map(|id| id.to_string());
        let skipped: Vec<_> = skipped.collect();
        let again = rows(&list(&simulator, json!({ "Known Devices": skipped })).await);
        let fixed = again.iter().filter(|row| row["state"] == "fixConfirmed").count();
        assert_eq!((again.len(), fixed), (200, 200 - count), "{generation}: the fixed ones are proven by their rows");
    }
}

#[tokio::test]
async fn the_contextual_risk_report_adds_scores_and_devices_and_takes_nothing_away() {
    for generation in GENERATIONS {
        let simulator = instance(generation, 200, 1).await;
        let plain = rows(&list(&simulator, json!({})).await);
        let outcome = list(&simulator, json!({ "Contextual Risk Report": true })).await;
        assert_eq!(
            (&outcome.receipt.missing, outcome.warnings.len()),
            (&None, 0),
            "{generation}: {:?}",
            outcome.warnings
        );
        let reported = rows(&outcome);
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<BTreeSet<_>>();
        assert!(ids(&plain).is_subset(&ids(&reported)), "{generation}");
        // Older instances count no CVEs on devices whose vulnerabilities are closed. The report names them.
        assert_eq!(reported.len() > plain.len(), generation != Generation::Current, "{generation}");
        let (scored, unscored): (Vec<_>, Vec<_>) =
            reported.iter().partition(|row| row["contextualRiskScore"].is_number());
        assert!(scored.len() > 150 && !unscored.is_empty(), "{generation}: {} {}", scored.len(), unscored.len());
        for row in scored {
            assert!(row["contextualRiskSeverity"].is_string() && row["weaponized"].is_boolean(), "{row}");
            assert!(row["exploitable"].is_boolean() && row["deviceId"].is_number(), "{row}");
        }
        for row in unscored {
            assert!(row["contextualRiskSeverity"].is_null() && row["weaponized"].is_null(), "unknown is not no: {row}");
        }
        assert!(plain[0].get("weaponized").is_none());
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_a_note_and_the_list_comes_all_the_same() {
    for generation in GENERATIONS {
        for (fault, code) in [
            ("status=401", "risk-report-not-read"),
            ("status=403 body=html", "risk-report-not-read"),
            ("status=404", "risk-report-not-read"),
            ("status=500", "risk-report-not-read"),
            ("close", "risk-report-not-read"),
            ("cut", "risk-report-not-read"),
            ("broken", "risk-report-not-read"),
            ("html", "risk-report-not-read"),
            ("empty", "risk-report-not-read"),
            ("foreign", "risk-report-not-read"),
            ("deep", "risk-report-not-read"),
            ("wrong-encoding", "risk-report-not-read"),
            ("short-page page=2", "risk-report-not-whole"),
            ("status=503 count=2", ""),
            ("token-expiry count=1", ""),
        ] {
            // The report has 1,000 rows on a page.
            let (devices, vulnerabilities) = if fault.contains("page=2") { (120, 12) } else { (8, 3) };
            let simulator = instance(generation, devices, vulnerabilities).await;
            simulator.inject(format!("risk-report {fault}").parse().unwrap());
            let outcome = list(&simulator, json!({ "Contextual Risk Report": true })).await;
            let codes: Vec<_> = outcome.warnings.iter().map(|warning| warning.code.as_str()).collect();
            let expected: Vec<_> = [code].into_iter().filter(|code| !code.is_empty()).collect();
            let rows = u64::from(devices * vulnerabilities);
            // A device whose vulnerabilities are all closed is asked only if the report names it.
            assert_eq!(codes, expected, "{generation} {fault}");
            assert!(outcome.receipt.rows > rows / 2 && outcome.receipt.rows <= rows, "{generation} {fault}");
            assert_eq!(outcome.receipt.missing, None, "{generation} {fault}: the report proves nothing");
        }
    }
}

#[tokio::test]
async fn a_rescan_opens_fixes_and_reopens_vulnerabilities_of_its_scanner_alone() {
    for generation in GENERATIONS {
        let simulator = instance(generation, 80, 12).await;
        let connector = administrator(&simulator);
        let before = rows(&list(&simulator, json!({})).await);
        let scanner = simulator.known().active_scanner;
        for _ in 0..3 {
            let started = run(&*connector, "Patch Rescan", json!({ "Scanner ID": scanner })).await;
            assert!(started.is_successful(), "{:?}", started.error);
            simulator.advance(Duration::from_secs(61));
        }
        let after = rows(&run(&*connector, COMMAND, json!({})).await);
        let state = |rows: &[Value], id: &Value| {
            rows.iter().find(|row| row["id"] == *id).map(|row| row["state"].as_str().unwrap().to_owned())
        };
        let new: Vec<_> = after.iter().filter(|row| state(&before, &row["id"]).is_none()).collect();
        let closed = before.iter().filter(|row| {
            row["state"] != "fixConfirmed" && state(&after, &row["id"]).as_deref() == Some("fixConfirmed")
        });
        let opened_again = before.iter().filter(|row| {
            row["state"] == "fixConfirmed" && state(&after, &row["id"]).as_deref() != Some("fixConfirmed")
        });
        assert!(!new.is_empty() && closed.count() > 0 && opened_again.count() > 0, "{generation}");
        let touched: BTreeSet<_> =
            after.iter().filter(|row| !before.contains(row)).map(|row| row["deviceId"].clone().to_string()).collect();
        let of_scanner =
            run(&*connector, "List Devices", json!({ "Filter": { "scannerId": scanner }, "All Pages": true })).await;
        let of_scanner: BTreeSet<_> = of_scanner.key_fields[0].values.iter().map(ToString::to_string).collect();
        assert!(touched.is_subset(&of_scanner), "{generation}");
    }
}
