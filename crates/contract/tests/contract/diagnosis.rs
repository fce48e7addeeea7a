//! A connector that cannot say more is diagnosed by its health check.

use serde_json::json;
use soar_connector::{ExecutionContext, Plugin as _, SettingValues};

use crate::sample::{SamplePlugin, Vice};

async fn diagnose(vice: Vice) -> serde_json::Value {
    let plugin = SamplePlugin::new(vice);
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
    // The sample's health check takes a parameter that it does not get, so it passes only with this vice.
    let passed = diagnose(Vice::AcceptsAnything).await;
    assert_eq!(passed["healthy"], true);
    assert_eq!(passed["requestId"], "the-id");
    assert_eq!(passed["stages"][0]["status"], "Passed");
    let commands = passed["commands"].as_array().unwrap();
    assert_eq!(commands.len(), 2);
    assert!(commands.iter().all(|command| command["access"] == "Skipped" && command["latencyMs"].is_null()));
    let failed = diagnose(Vice::None).await;
    assert_eq!((&failed["healthy"], &failed["stages"][0]["status"]), (&json!(false), &json!("Failed")));
    assert_eq!(failed["stages"][0]["error"]["code"], "missing-parameter");
}
