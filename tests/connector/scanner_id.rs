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
async fn what_is_no_number_or_unknown_or_refused_falls_back_with_a_warning() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let known = simulator.known();
        for (given, fault, why) in [
            (json!("abc"), None, "\"abc\" is no whole number"),
            (json!(known.missing_scanner), None, "is not in List Scanners"),
            (json!(known.active_scanner), Some("scan-surface status=400 count=1"), "was refused by the server"),
            (json!(known.active_scanner), Some("scan-surface status=404 count=1"), "was refused by the server"),
        ] {
            simulator.clear_requests();
            if let Some(fault) = fault {
                simulator.inject(fault.parse().unwrap());
            }
            let outcome = scan_surfaces(&simulator, given).await;
            simulator.clear_faults();
            assert!(outcome.is_successful(), "{why}: {:?}", outcome.error);
            assert_eq!(outcome.warnings[0].code, "scanner-id-ignored");
            assert!(outcome.warnings[0].message.contains(why), "{}", outcome.warnings[0].message);
            assert_eq!(line(&data_requests(&simulator).pop().unwrap()), "GET /console/scanSurface/");
        }
    }
}

#[tokio::test]
async fn a_rescan_falls_back_to_all_scanners_on_400_and_404_only() {
    for generation in GENERATIONS {
        for status in [400, 401, 402, 404, 405, 406] {
            let simulator = simulator(generation).await;
            simulator.inject(format!("rescan status={status} count=1").parse().unwrap());
            let scanner = simulator.known().active_scanner;
            let outcome = run(&*administrator(&simulator), "Patch Rescan", json!({ "Scanner ID": scanner })).await;
            let sent: Vec<_> = data_requests(&simulator).iter().map(line).collect();
            let falls_back = matches!(status, 400 | 404);
            assert_eq!(outcome.is_successful(), falls_back, "{status} on {generation}");
            assert_eq!(sent.contains(&"PATCH /console/scanSurface/rescan/".to_owned()), falls_back, "{sent:?}");
            assert_eq!(outcome.warnings.len(), usize::from(falls_back));
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
