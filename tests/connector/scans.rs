//! List Scans and Get Scan, with a history and without one.

use std::time::Duration;

use footprint_simulator::{Generation, Options, Simulator};
use serde_json::json;

use crate::support::{GENERATIONS, administrator, error_of, run};

async fn simulator(generation: Generation) -> Simulator {
    Simulator::start(Options { generation, ..Options::default() }).await.unwrap()
}

#[tokio::test]
async fn a_scan_that_was_started_is_listed_and_followed_to_its_end() {
    for generation in [Generation::Middle, Generation::Current] {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let scanner = simulator.known().active_scanner;
        let started = run(&*connector, "Patch Rescan", json!({ "Scanner ID": scanner })).await;
        let uuid = started.key_fields[0].values[0].clone();
        let list = run(&*connector, "List Scans", json!({ "Scanner ID": scanner })).await;
        assert_eq!(list.key_fields[0].values[0], uuid, "{generation}: newest first");
        let status = async || {
            let scan = run(&*connector, "Get Scan", json!({ "Scan": uuid })).await;
            let column = scan.result.columns.iter().position(|name| name == "Status").unwrap();
            scan.result.rows[0][column].clone()
        };
        assert_eq!(status().await, "requested");
        simulator.advance(Duration::from_secs(30));
        assert_eq!(status().await, "running");
        let running = run(&*connector, "List Scans", json!({ "Status": "running", "All Pages": true })).await;
        assert_eq!((running.result.rows.len(), running.warnings.len()), (1, 0));
        simulator.stop_scans();
        assert_eq!(status().await, "stopped");
    }
}

#[tokio::test]
async fn an_instance_without_a_history_lists_the_jobs_that_run() {
    let simulator = simulator(Generation::Legacy).await;
    let connector = administrator(&simulator);
    let list = run(&*connector, "List Scans", json!({})).await;
    assert_eq!((list.result.rows.len(), list.warnings[0].code.as_str()), (1, "scans-not-kept"));
    let job = list.key_fields[1].values[0].clone();
    let scan = run(&*connector, "Get Scan", json!({ "Scan": job })).await;
    assert_eq!(scan.result.rows, list.result.rows);
    let scanner = simulator.known().active_scanner;
    run(&*connector, "Patch Rescan", json!({ "Scanner ID": scanner })).await;
    let of_scanner = run(&*connector, "List Scans", json!({ "Scanner ID": scanner, "Status": "requested" })).await;
    assert_eq!(of_scanner.result.rows.len(), 1);
    assert!(run(&*connector, "List Scans", json!({ "Status": "done" })).await.result.rows.is_empty());
}

#[tokio::test]
async fn a_scan_that_is_not_there_is_not_found_and_an_id_that_is_none_is_not_sent() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        for id in ["123456", "0f8fad5b-d9cb-469f-a165-70867728950e"] {
            assert_eq!(error_of(&run(&*connector, "Get Scan", json!({ "Scan": id })).await).0, "scan-not-found");
        }
        simulator.clear_requests();
        for id in ["../users", "a b", "5ca0f1e5-7000-4000-a000-0000000000011"] {
            assert_eq!(error_of(&run(&*connector, "Get Scan", json!({ "Scan": id })).await).0, "invalid-parameter");
        }
        assert!(simulator.requests().is_empty());
    }
}
