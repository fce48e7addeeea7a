//! All API generations work without being told which.

use footprint_simulator::Generation;
use serde_json::{Value, json};

use crate::support::{GENERATIONS, administrator, data_requests, error_of, line, run, simulator};

/// The queries of the requests for `path` that a command sent, in order.
async fn queries(generation: Generation, command: &str, parameters: Value) -> (Vec<String>, Vec<String>) {
    let simulator = simulator(generation).await;
    let outcome = run(&*administrator(&simulator), command, parameters).await;
    assert!(outcome.is_successful(), "{command} on {generation}: {:?}", outcome.error);
    let lines = data_requests(&simulator).iter().map(line).collect();
    (lines, outcome.warnings.into_iter().map(|warning| warning.message).collect())
}

#[tokio::test]
async fn contexts_are_asked_for_in_the_names_of_every_form() {
    for generation in GENERATIONS {
        for (given, query) in [
            ("Critical", "risk_level=critical&riskLevel=critical"),
            ("nonvisible", "risk_level=nonvisible&riskLevel=unknown"),
            ("UNKNOWN", "risk_level=nonvisible&riskLevel=unknown"),
            ("All", "risk_level=all"),
        ] {
            let (lines, warnings) =
                queries(generation, "List Technical Contexts", json!({ "Risk Level": given })).await;
            assert_eq!(lines, [format!("GET /console/elements/contexts/technical/?{query}")], "{generation}");
            // Older rows carry a number in place of the level's word.
            let is_proven = generation == Generation::Current || given == "All";
            assert_eq!(warnings.is_empty(), is_proven, "{given} on {generation}: {warnings:?}");
        }
    }
}

#[tokio::test]
async fn every_filter_field_reaches_the_vendor_or_warns() {
    let filter = json!({
        "ip": "10.", "pageSize": 10, "riskLevel": "nonvisible", "scanType": "scanned", "scope": "internal",
        "showDevicesWithNoApps": "yes", "sortColumn": "ip", "sortDirection": "ascending", "source": "agentless",
        "status": ["online", "OFFLINE"], "tags": "production", "respondsToICMPPing": "yes",
    });
    for generation in [Generation::Legacy, Generation::Middle] {
        let (lines, warnings) = queries(generation, "List Devices", json!({ "Filter": filter })).await;
        assert_eq!(lines[0], "GET /console/elements/devices/?pageSize=1");
        assert_eq!(
            lines[1],
            "GET /console/elements/devices/?filter=10.&pageSize=10&riskLevel=nonvisible&scanType=scanned&scope=internal\
             &showDevicesWithNoApps=true&deviceApps=all&sortDirection=ascending&source=agentless"
        );
        let named: Vec<_> = warnings.iter().map(|text| text.split(' ').next().unwrap()).take(4).collect();
        assert_eq!(named, ["Filter.sortColumn", "Filter.status", "Filter.tags", "Filter.respondsToICMPPing"]);
    }

    let (lines, warnings) = queries(Generation::Current, "List Devices", json!({ "Filter": filter })).await;
    assert_eq!(
        lines[1],
        "GET /console/elements/devices/?filter=10.&pageSize=10&riskLevel=unknown&scanType=scanned&scope=internal\
         &sortColumn=ip&sortDirection=ascending&source=agentless&status=online,offline&tags=production\
         &respondsToICMPPing=yes"
    );
    assert!(warnings[0].starts_with("Filter.showDevicesWithNoApps was left out: this instance is too new"));
}

#[tokio::test]
async fn filters_really_filter() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for command in ["List Devices", "List Technical Contexts"] {
            let all = run(&*connector, command, json!({})).await.receipt.total_rows.unwrap();
            let mut sum = 0;
            for level in ["critical", "nonvisible", "secure", "vulnerable"] {
                let parameters = match command {
                    "List Devices" => json!({ "Filter": { "riskLevel": level, "pageSize": 5 } }),
                    _ => json!({ "Risk Level": level }),
                };
                let outcome = run(&*connector, command, parameters).await;
                let count = outcome.receipt.total_rows.unwrap();
                assert!(
                    count > 0 && count < all && !outcome.result.rows.is_empty(),
                    "{level} on {generation}: {count}"
                );
                sum += count;
            }
            assert_eq!(sum, all, "{command} on {generation}: every row has one of the four levels");
        }
    }
}

#[tokio::test]
async fn showing_devices_without_applications_is_understood_by_both_older_forms() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let count = |shown: &'static str| {
            let connector = connector.clone();
            async move {
                let filter = json!({ "Filter": { "showDevicesWithNoApps": shown } });
                run(&*connector, "List Devices", filter).await.receipt.total_rows.unwrap()
            }
        };
        let (with, without) = (count("yes").await, count("no").await);
        assert!(with > without, "{generation}: {with} {without}");
    }
}

#[tokio::test]
async fn the_form_is_looked_up_once_a_session_and_only_when_it_matters() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let probes =
            || data_requests(&simulator).iter().filter(|request| line(request).ends_with("?pageSize=1")).count();
        run(&*connector, "List Devices", json!({})).await;
        run(&*connector, "List Devices", json!({ "Filter": { "riskLevel": "critical", "ip": "10." } })).await;
        run(&*connector, "List Technical Contexts", json!({ "Risk Level": "Unknown" })).await;
        assert_eq!(probes(), 0);
        for _ in 0..3 {
            run(&*connector, "List Devices", json!({ "Filter": { "riskLevel": "unknown" } })).await;
        }
        assert_eq!(probes(), 1, "{generation}");
    }
}

#[tokio::test]
async fn bad_filters_are_refused_with_what_is_valid() {
    let simulator = simulator(Generation::Current).await;
    let connector = administrator(&simulator);
    let mut text = String::new();
    for filter in [
        json!({ "riskLevl": "critical" }),
        json!({ "riskLevel": "high" }),
        json!({ "pageSize": 0 }),
        json!({ "scannerId": "two" }),
        json!({ "status": ["online", "asleep"] }),
        json!("riskLevel=critical"),
    ] {
        let outcome = run(&*connector, "List Devices", json!({ "Filter": filter })).await;
        let (code, tab) = error_of(&outcome);
        text.push_str(&format!("{filter}\n{code}\n{tab}\n\n"));
    }
    assert!(simulator.requests().is_empty(), "nothing is sent");
    insta::assert_snapshot!(text);
}

#[test]
fn no_handler_names_a_generation() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        for word in ["Generation", "Legacy", "legacy", "risk_level=", "reqwest"] {
            assert!(!source.contains(word), "{} names {word}", path.display());
        }
        read += 1;
    }
    assert!(read > 14, "all handlers were read");
}
