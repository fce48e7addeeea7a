//! A Scanner ID that cannot be used falls back on all scanners with a warning, or is refused by a strict connection.

use footprint_simulator::{Generation, Simulator, UserKind};
use serde_json::json;
use soar_connector::Outcome;

use crate::support::{GENERATIONS, administrator, connect, data_requests, error_of, line, run, settings, simulator};

async fn scan_surfaces(simulator: &Simulator, scanner: serde_json::Value) -> Outcome {
    run(&*administrator(simulator), "List Scan Surfaces", json!({ "Scanner ID": scanner })).await
}

#[tokio::test]
async fn a_scanner_of_the_tenant_is_used() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let scanner = simulator.known().active_scanner;
        for given in [json!(scanner), json!(scanner.to_string())] {
            simulator.clear_requests();
            let outcome = scan_surfaces(&simulator, given).await;
            assert!(outcome.is_successful() && outcome.warnings.is_empty(), "{outcome:?}");
            let last = data_requests(&simulator).pop().unwrap();
            assert_eq!(line(&last), format!("GET /console/scanSurface/?scannerId={scanner}"));
        }
    }
}

#[tokio::test]
async fn what_is_no_number_or_unknown_falls_back_with_a_warning_that_stands_first() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let known = simulator.known();
        for (given, why) in
            [(json!("abc"), "\"abc\" is no whole number"), (json!(known.missing_scanner), "is not in List Scanners")]
        {
            simulator.clear_requests();
            let outcome = scan_surfaces(&simulator, given).await;
            assert!(outcome.is_successful(), "{why}: {:?}", outcome.error);
            assert_eq!(outcome.warnings[0].code, "scanner-id-ignored");
            assert!(outcome.warnings[0].message.contains(why), "{}", outcome.warnings[0].message);
            assert_eq!(line(&data_requests(&simulator).pop().unwrap()), "GET /console/scanSurface/");
        }
    }
}

#[tokio::test]
async fn the_warning_stands_before_all_others() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let mut given = settings(&url, simulator.user(UserKind::Administrator));
    given.push(("Skip Certificate Checks", "Yes"));
    let scanner = simulator.known().missing_scanner;
    let outcome = run(&*connect(&given), "Patch Rescan", json!({ "Scanner ID": scanner })).await;
    let codes: Vec<_> = outcome.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["scanner-id-ignored", "certificate-checks-off"]);
}

#[tokio::test]
async fn a_scanner_that_list_scanners_knows_is_never_replaced_by_all_whatever_the_server_answers() {
    for generation in GENERATIONS {
        for status in [400, 401, 402, 404, 405, 406, 500] {
            for (route, command) in [("rescan", "Patch Rescan"), ("scan-surface", "List Scan Surfaces")] {
                let simulator = simulator(generation).await;
                simulator.inject(format!("{route} status={status} count=1").parse().unwrap());
                let scanner = simulator.known().active_scanner;
                let outcome = run(&*administrator(&simulator), command, json!({ "Scanner ID": scanner })).await;
                assert!(!outcome.is_successful(), "{command} {status} on {generation}");
                let sent: Vec<_> = data_requests(&simulator).iter().map(line).collect();
                let wide = ["PATCH /console/scanSurface/rescan/", "GET /console/scanSurface/"];
                assert!(!sent.iter().any(|line| wide.contains(&line.as_str())), "{sent:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_rescan_by_an_unusable_scanner_says_which_and_why() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let known = simulator.known();
        let connector = administrator(&simulator);
        let mut text = String::new();
        for (scanner, tenant) in
            [(known.busy_scanner, None), (known.inactive_scanner, None), (0, Some(known.trial_expired_tenant))]
        {
            let mut parameters = json!({});
            if scanner > 0 {
                parameters["Scanner ID"] = json!(scanner);
            }
            if let Some(tenant) = tenant {
                parameters["Footprint Tenant ID"] = json!(tenant);
            }
            let outcome = run(&*connector, "Patch Rescan", parameters).await;
            let error = outcome.error.expect("Failed");
            text.push_str(&format!("{error}\n{}: {} {}\n\n", error.code, error.cause, error.cure));
        }
        insta::assert_snapshot!(format!("rescan_refusals_{generation}"), text);
    }
}

#[tokio::test]
async fn a_strict_connection_refuses_instead() {
    let simulator = simulator(Generation::Current).await;
    let url = simulator.url();
    let mut given = settings(&url, simulator.user(UserKind::Administrator));
    given.push(("Strict Scanner ID", "Yes"));
    let connector = connect(&given);
    for (command, parameters) in [
        ("List Scan Surfaces", json!({ "Scanner ID": "abc" })),
        ("Patch Rescan", json!({ "Scanner ID": simulator.known().missing_scanner })),
        ("List Devices", json!({ "Filter": { "scannerId": simulator.known().missing_scanner } })),
    ] {
        let before = simulator.state_fingerprint();
        let outcome = run(&*connector, command, parameters).await;
        assert_eq!(error_of(&outcome).0, "scanner-not-usable", "{command}");
        assert_eq!(simulator.state_fingerprint(), before);
    }
}

#[tokio::test]
async fn a_filter_with_an_unknown_scanner_warns_that_it_lists_all() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let filter = json!({ "Filter": { "scannerId": simulator.known().missing_scanner } });
        let outcome = run(&*administrator(&simulator), "List Devices", filter).await;
        assert!(outcome.is_successful());
        assert_eq!(outcome.warnings[0].code, "scanner-id-ignored");
    }
}
