//! Connections with equal network settings share an HTTP client, and nothing that is a user's own.

use std::collections::BTreeSet;

use footprint_simulator::{Simulator, UserKind};
use serde_json::json;

use crate::support::{GENERATIONS, connect_with, plugin, run, settings, simulator};

/// The values with which requests proved a right, or which they carried back to the server.
fn carried(simulator: &Simulator) -> BTreeSet<String> {
    let names = ["authorization", "cookie", "x-xsrf-token", "footprintapikey"];
    let requests = simulator.requests();
    let values = requests.iter().flat_map(|request| names.iter().filter_map(|name| request.headers.get(*name)));
    values.cloned().collect()
}

#[tokio::test]
async fn no_user_s_token_or_cookie_goes_out_with_another_user_s_requests() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let plugin = plugin();
        let url = simulator.url();
        let users = [UserKind::Administrator, UserKind::Operations];
        let connectors = users.map(|user| connect_with(&plugin, &settings(&url, simulator.user(user))));
        let rescan = json!({ "Device ID": simulator.known().agent_device, "Footprint Tenant ID": 1 });
        let mut all: Vec<BTreeSet<String>> = Vec::new();
        for (connector, user) in connectors.iter().zip(users) {
            simulator.clear_requests();
            let test = run(&**connector, "Test Connection", json!({})).await;
            assert!(test.is_successful(), "{:?}", test.error);
            assert!(test.result.rows[0][2] == simulator.user(user).user_name.as_str(), "{:?}", test.result.rows);
            run(&**connector, "Patch Rescan", rescan.clone()).await;
            let carried = carried(&simulator);
            assert!(!carried.is_empty(), "something was proven with something");
            assert!(all.iter().all(|others| others.is_disjoint(&carried)), "{carried:?}");
            all.push(carried);
        }
        // At the same time, over the same connections.
        let [one, other] = &connectors;
        for _ in 0..10 {
            let (one, other) =
                tokio::join!(run(&**one, "Test Connection", json!({})), run(&**other, "Test Connection", json!({})));
            for (outcome, user) in [(one, users[0]), (other, users[1])] {
                assert!(outcome.result.rows[0][2] == simulator.user(user).user_name.as_str());
                let role = outcome.result.rows[1][2].to_string();
                assert_eq!(role.contains("role admin"), user == UserKind::Administrator, "{role}");
            }
        }
    }
}
