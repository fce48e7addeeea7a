//! Get Device: with an agent, without one, and one that is not there.

use serde_json::{Value, json};

use crate::support::{GENERATIONS, administrator, error_of, run, simulator};

#[tokio::test]
async fn an_agents_device_has_all_parts_and_a_server_its_applications() {
    for generation in GENERATIONS {
        let simulator = simulator(generation).await;
        let connector = administrator(&simulator);
        let outcome = run(&*connector, "Get Device", json!({ "Device ID": simulator.known().agent_device })).await;
        let row = serde_json::to_value(&outcome.raw_data).unwrap()[0].clone();
        assert!(row["overview"]["os"].is_string() && row["operatingSystem"]["isOutdated"].is_boolean(), "{row}");
        assert!(!row["patches"].as_array().unwrap().is_empty() && !row["applications"].as_array().unwrap().is_empty());
        assert!(outcome.warnings.is_empty());

        let outcome = run(&*connector, "Get Device", json!({ "Device ID": simulator.known().server_device })).await;
        let row = serde_json::to_value(&outcome.raw_data).unwrap()[0].clone();
        assert!(!row["applications"].as_array().unwrap().is_empty());
        assert_eq!(
            (&row["overview"], &row["operatingSystem"], &row["patches"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        assert_eq!(outcome.warnings[0].code, "parts-missing");

        let outcome = run(&*connector, "Get Device", json!({ "Device ID": simulator.known().missing_device })).await;
        assert_eq!(error_of(&outcome).0, "device-not-found");
    }
}

#[tokio::test]
async fn a_part_that_fails_in_another_way_fails_the_command() {
    for (fault, code) in [("overview status=500", "server-error"), ("patches foreign", "unexpected-reply")] {
        let simulator = simulator(GENERATIONS[2]).await;
        simulator.inject(fault.parse().unwrap());
        let parameters = json!({ "Device ID": simulator.known().agent_device });
        assert_eq!(error_of(&run(&*administrator(&simulator), "Get Device", parameters).await).0, code, "{fault}");
    }
}
