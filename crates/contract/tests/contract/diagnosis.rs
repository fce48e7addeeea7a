//! A connector that cannot say more is diagnosed by its health check.

use serde_json::json;
use soar_connector::{ExecutionContext, Plugin as _, SettingValues};

use crate::sample::{SamplePlugin, Vice};

async fn diagnose(health_check: &str) -> serde_json::Value {
    let mut plugin = SamplePlugin::new(Vice::None);
    health_check.clone_into(&mut plugin.manifest.connector.health_check);
    let given = [("Password".to_owned(), "p".into())];
    let connector = plugin.build(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap();
    let context = ExecutionContext { request_id: "the-id".to_owned(), ..ExecutionContext::new() };
    let diagnosis = connector.diagnose(&context).await;
    let healthy = diagnosis.is_healthy();
    let mut json = serde_json::to_value(&diagnosis).unwrap();
    json["healthy"] = json!(healthy);
    json
}

#[tokio::test]
async fn the_default_diagnosis_is_the_health_check_and_tries_no_other_command() {
    let passed = diagnose("Write Thing").await;
    assert_eq!(passed["healthy"], true);
    assert_eq!(passed["requestId"], "the-id");
    assert_eq!(passed["stages"][0]["status"], "Passed");
    let commands = passed["commands"].as_array().unwrap();
    assert_eq!(commands.len(), 2);
    assert!(commands.iter().all(|command| command["access"] == "Skipped" && command["latencyMs"].is_null()));
    // It requires a parameter, which a health check is not given.
    let failed = diagnose("Read Things").await;
    assert_eq!((&failed["healthy"], &failed["stages"][0]["status"]), (&json!(false), &json!("Failed")));
    assert_eq!(failed["stages"][0]["error"]["code"], "missing-parameter");
}
