//! Add Scan Targets and Update Device Tags.

use footprint_simulator::Generation;
use serde_json::json;

use crate::support::{GENERATIONS, administrator, data_requests, error_of, run, simulator};

#[tokio::test]
async fn targets_are_added_and_scanned_unless_told_otherwise() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let scanner = simulator.known().active_scanner;
        let parameters = json!({ "Targets": "192.0.2.17, https://shop.example.com/", "Scanner IDs": [scanner] });
        let added = run(&*connector, "Add Scan Targets", parameters).await;
        assert!(added.is_successful(), "{generation}: {:?}", added.error);
        assert_eq!(added.result.rows.len(), usize::from(generation != Generation::Legacy));
        let surface = run(&*connector, "List Scan Surfaces", json!({ "Scanner ID": scanner.to_string() })).await;
        let shown = serde_json::to_string(&surface.raw_data).unwrap();
        assert!(shown.contains("192.0.2.17") && shown.contains("https://shop.example.com/"), "{generation}");

        simulator.clear_requests();
        let quiet =
            json!({ "Targets": "192.0.2.18", "Scanner IDs": [simulator.known().cloud_scanner], "Scan Now": "No" });
        let added = run(&*connector, "Add Scan Targets", quiet).await;
        let sent = data_requests(&simulator).iter().filter(|request| request.method == "POST").count();
        match generation {
            Generation::Current => assert!(added.is_successful() && added.result.rows.is_empty() && sent == 1),
            _ => assert_eq!((error_of(&added).0.as_str(), sent), ("scan-now-needed", 0), "{generation}"),
        }
    }
}

#[tokio::test]
async fn wrong_targets_are_refused_and_a_lost_answer_leaves_doubt() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let long = "x".repeat(256);
        for (targets, scanners, code) in [
            (json!([long]), json!([1]), "invalid-parameter"),
            (json!(["192.0.2.1"]), json!(["one"]), "invalid-parameter"),
            (json!(["192.0.2.1"]), json!([simulator.known().missing_scanner]), "invalid-input"),
        ] {
            let parameters = json!({ "Targets": targets, "Scanner IDs": scanners });
            assert_eq!(error_of(&run(&*connector, "Add Scan Targets", parameters).await).0, code, "{generation}");
        }
        simulator.inject("scan-targets close count=1".parse().unwrap());
        let parameters = json!({ "Targets": "192.0.2.1", "Scanner IDs": [simulator.known().active_scanner] });
        assert_eq!(error_of(&run(&*connector, "Add Scan Targets", parameters.clone()).await).0, "outcome-unknown");
        let parameters = json!({ "Targets": "192.0.2.1", "Scanner IDs": [1], "Footprint Tenant ID": 3 });
        assert_eq!(error_of(&run(&*connector, "Add Scan Targets", parameters).await).0, "trial-expired");
    }
}

#[tokio::test]
async fn tags_are_added_and_removed_and_the_others_stay() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    let device = simulator.known().server_device;
    let update = async |parameters: serde_json::Value| {
        let mut parameters = parameters;
        parameters["Device ID"] = json!(device);
        let outcome = run(&*connector, "Update Device Tags", parameters).await;
        assert!(outcome.is_successful(), "{:?}", outcome.error);
        outcome.key_fields[0].values.clone()
    };
    let first = update(json!({ "Add Tags": ["pci", "dmz-2"] })).await;
    assert!(first.contains(&json!("pci")) && first.contains(&json!("dmz-2")));
    let second = update(json!({ "Add Tags": "new", "Remove Tags": ["pci", "never there"] })).await;
    assert!(second.contains(&json!("new")) && second.contains(&json!("dmz-2")) && !second.contains(&json!("pci")));
    simulator.clear_requests();
    assert_eq!(update(json!({ "Add Tags": "new" })).await, second);
    assert!(data_requests(&simulator).iter().all(|request| request.method == "GET"), "nothing to change, nothing sent");
    let found = run(&*connector, "List Devices", json!({ "Filter": { "tags": "dmz-2" } })).await;
    assert_eq!(found.key_fields[0].values, [json!(device)]);
}

#[tokio::test]
async fn tags_that_are_not_shown_or_that_the_server_keeps_are_no_success() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let simulator = simulator(generation).await;
        let parameters = json!({ "Device ID": simulator.known().server_device, "Add Tags": "pci" });
        let outcome = run(&*administrator(&simulator), "Update Device Tags", parameters).await;
        assert_eq!(error_of(&outcome).0, "tags-not-shown", "{generation}");
        assert!(data_requests(&simulator).iter().all(|request| request.method == "GET"));
    }
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    for (device, tags, code) in [
        (simulator.known().missing_device, json!({ "Add Tags": "pci" }), "device-not-listed"),
        (simulator.known().server_device, json!({}), "missing-parameter"),
    ] {
        let mut parameters = tags;
        parameters["Device ID"] = json!(device);
        assert_eq!(error_of(&run(&*connector, "Update Device Tags", parameters).await).0, code);
    }
    simulator.inject("device-tags close".parse().unwrap());
    let parameters = json!({ "Device ID": simulator.known().server_device, "Add Tags": "pci" });
    assert_eq!(error_of(&run(&*connector, "Update Device Tags", parameters).await).0, "outcome-unknown");
}
