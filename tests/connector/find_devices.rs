//! Find Devices: by a part of a name or address, by a CVE, by an application.

use footprint_simulator::Simulator;
use serde_json::{Value, json};

use crate::support::{GENERATIONS, administrator, error_of, run, simulator};

async fn find(simulator: &Simulator, parameters: Value) -> Vec<Value> {
    let outcome = run(&*administrator(simulator), "Find Devices", parameters).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    assert_eq!(outcome.receipt.missing, None);
    serde_json::to_value(&outcome.raw_data).unwrap().as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn devices_are_found_by_each_parameter_and_by_all_together() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let by_name = find(&simulator, json!({ "Name": "WEB" })).await;
        assert!(!by_name.is_empty() && by_name.len() < 250, "{generation}");
        assert!(by_name.iter().all(|row| row["name"].as_str().unwrap().to_lowercase().contains("web")));
        let by_address = find(&simulator, json!({ "IP": "192.168." })).await;
        assert!(
            !by_address.is_empty() && by_address.iter().all(|row| row["ip"].as_str().unwrap().contains("192.168."))
        );

        let device = by_name[0]["id"].clone();
        let parameters = json!({ "Device ID": device, "All Pages": true });
        let list = run(&*administrator(&simulator), "List Device Vulnerabilities", parameters).await;
        let cve = list.key_fields[0].values[0].clone();
        let by_cve = find(&simulator, json!({ "CVE": cve.as_str().unwrap().to_lowercase() })).await;
        assert!(by_cve.iter().any(|row| row["id"] == device) && by_cve.len() < 250, "{generation}: {}", by_cve.len());

        let all = find(&simulator, json!({ "Name": "web", "CVE": cve, "IP": "." })).await;
        assert!(all.iter().any(|row| row["id"] == device) && all.len() <= by_cve.len());
        let by_software = find(&simulator, json!({ "Name": "web", "Application": "openssl 1.1" })).await;
        assert!(!by_software.is_empty() && by_software.iter().all(|row| by_name.contains(row)), "{generation}");
        assert!(find(&simulator, json!({ "Name": "no such device" })).await.is_empty());
        assert!(find(&simulator, json!({ "Name": "web", "Application": "no such software" })).await.is_empty());
    }
}

#[tokio::test]
async fn without_any_parameter_nothing_is_sent() {
    let simulator = simulator(GENERATIONS[2]).await;
    let (code, text) = error_of(&run(&*administrator(&simulator), "Find Devices", json!({})).await);
    assert!(code == "missing-parameter" && text.contains("at least one of Name, IP, CVE and Application"), "{text}");
    assert!(simulator.requests().is_empty());
}

#[tokio::test]
async fn a_device_whose_list_does_not_come_is_missing_or_ends_the_command() {
    let simulator = simulator(GENERATIONS[2]).await;
    simulator.inject("applications status=404 count=2".parse().unwrap());
    let outcome =
        run(&*administrator(&simulator), "Find Devices", json!({ "Name": "web", "Application": "ssl" })).await;
    assert!(outcome.receipt.missing.unwrap().starts_with("2 devices were gone"));
    simulator.inject("applications status=403".parse().unwrap());
    let outcome =
        run(&*administrator(&simulator), "Find Devices", json!({ "Name": "web", "Application": "ssl" })).await;
    assert_eq!(error_of(&outcome).0, "not-permitted");
}
