//! Both API generations work without being told which.

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
async fn risk_levels_go_out_in_the_names_that_the_instance_knows() {
    let probe = "GET /common/auth/session/accounts/?size=1";
    for (given, legacy, current) in [
        ("Critical", "?risk_level=critical", "?riskLevel=critical"),
        ("nonvisible", "?risk_level=nonvisible", "?riskLevel=unknown"),
        ("UNKNOWN", "?risk_level=nonvisible", "?riskLevel=unknown"),
        ("All", "?risk_level=all", ""),
    ] {
        for (generation, query) in [(Generation::Legacy, legacy), (Generation::Current, current)] {
            let (lines, warnings) =
                queries(generation, "List Technical Contexts", json!({ "Risk Level": given })).await;
            assert_eq!(lines, [probe.to_owned(), format!("GET /console/elements/contexts/technical/{query}")]);
            assert!(warnings.is_empty());
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
    let (lines, warnings) = queries(Generation::Legacy, "List Devices", json!({ "Filter": filter })).await;
    assert_eq!(
        lines[1],
        "GET /console/elements/devices/?filter=10.&pageSize=10&riskLevel=nonvisible&scanType=scanned&scope=internal\
         &showDevicesWithNoApps=true&sortDirection=ascending&source=agentless"
    );
    let named: Vec<_> = warnings.iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert_eq!(named, ["Filter.sortColumn", "Filter.status", "Filter.tags", "Filter.respondsToICMPPing"]);

    let (lines, warnings) = queries(Generation::Current, "List Devices", json!({ "Filter": filter })).await;
    assert_eq!(
        lines[1],
        "GET /console/elements/devices/?filter=10.&pageSize=10&riskLevel=unknown&scanType=scanned&scope=internal\
         &sortColumn=ip&sortDirection=ascending&source=agentless&status=offline,online&tags=production\
         &respondsToICMPPing=yes"
            .replace("offline,online", "online,offline")
    );
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].starts_with("Filter.showDevicesWithNoApps was left out: this instance is too new"));
}

#[tokio::test]
async fn filters_really_filter() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let all = run(&*connector, "List Devices", json!({})).await.receipt.total_rows.unwrap();
        let mut sum = 0;
        for level in ["critical", "nonvisible", "secure", "vulnerable"] {
            let filter = json!({ "Filter": { "riskLevel": level, "pageSize": 5 } });
            let outcome = run(&*connector, "List Devices", filter).await;
            let count = outcome.receipt.total_rows.unwrap();
            assert!(count > 0 && count < all && outcome.result.rows.len() == 5, "{level} on {generation}: {count}");
            sum += count;
        }
        assert_eq!(sum, all, "{generation}: every device has one of the four levels");
    }
}

#[tokio::test]
async fn the_generation_is_looked_up_once_a_session_and_only_when_it_matters() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        run(&*connector, "List Devices", json!({})).await;
        let probes = || {
            let requests = simulator.requests();
            requests.iter().filter(|request| request.path.ends_with("/accounts/")).count()
        };
        assert_eq!(probes(), 0);
        for _ in 0..3 {
            run(&*connector, "List Devices", json!({ "Filter": { "riskLevel": "critical" } })).await;
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
