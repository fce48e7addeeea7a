//! The example connector keeps the contract, and reads pages whose members its manifest names.

use serde_json::{Value, json};
use soar_connector::testing::Suite;
use soar_connector::{Command, Connector, ExecutionContext, Outcome, Plugin, RawParameters, SettingValues};
use std::sync::Arc;

use crate::lantern::{TOKEN, lantern};

#[allow(dead_code, unused_imports, reason = "an example has a main")]
#[path = "../../examples/minimal.rs"]
mod minimal;

fn connect(address: &str, token: &str) -> Arc<dyn Connector> {
    let plugin = minimal::plugin().unwrap();
    let given = [("Address".to_owned(), address.into()), ("Token".to_owned(), token.into())];
    plugin.build(&SettingValues::parse(&plugin.manifest().connector, given).unwrap()).unwrap()
}

async fn list(connector: &dyn Connector, parameters: Value) -> Outcome {
    connector.execute("list-devices", parameters.as_object().unwrap(), &ExecutionContext::new()).await
}

#[tokio::test]
async fn the_example_keeps_the_contract() {
    let plugin = minimal::plugin().unwrap();
    let suite = Suite {
        plugin: &plugin,
        settings: vec![("Address".into(), lantern().await), ("Token".into(), TOKEN.into())],
        canary: TOKEN.into(),
        has: &|_: &Command| true,
        parameters: &|_: &Command| RawParameters::new(),
        fingerprint: &String::new,
    };
    let violations: Vec<_> = suite.run().await.iter().map(ToString::to_string).collect();
    assert_eq!(violations, Vec::<String>::new());
}

#[tokio::test]
async fn its_pages_have_the_members_that_its_manifest_names_and_none_of_another_product_s() {
    let connector = connect(&lantern().await, TOKEN);
    let outcome = list(&*connector, json!({ "Page": 2 })).await;
    assert!(outcome.is_successful(), "{:?}", outcome.error);
    // "-" is Lantern's word for no value.
    assert_eq!(outcome.result.rows, [[json!(3), Value::Null], [json!(4), json!("Hall")]]);
    let receipt = &outcome.receipt;
    assert_eq!((receipt.total_pages, receipt.total_rows, receipt.rows, receipt.requests), (Some(2), Some(4), 2, 1));
    let hall = list(&*connector, json!({ "room": "Hall" })).await;
    assert_eq!(hall.receipt.total_rows, Some(3));
    let refused = list(&*connector, json!({ "Filter": {} })).await.error.unwrap();
    assert_eq!(refused.message, "Unknown parameter \"Filter\". Valid: Room, Page.");
}

#[tokio::test]
async fn its_failures_are_explained_by_its_manifest_and_the_contract() {
    let error = list(&*connect(&lantern().await, "wrong"), json!({})).await.error.unwrap();
    assert_eq!(error.to_string(), "List Devices failed.\nStatus Code: 401.\nMessage: 401 Unauthorized.");
    assert_eq!((error.code.as_str(), error.cure.as_str()), ("not-permitted", "Correct Token."));
    let error = list(&*connect("http://127.0.0.1:9", TOKEN), json!({})).await.error.unwrap();
    assert_eq!(error.code, "unreachable");
    assert!(!error.cause.is_empty() && !error.cure.is_empty() && error.retryable);
}

#[test]
fn a_command_is_found_by_its_name_its_flag_and_its_address() {
    let plugin = minimal::plugin().unwrap();
    for name in ["List Devices", " list  devices", "list-devices", "LIST_DEVICES", "ListDevices", "listdevices"] {
        assert_eq!(plugin.manifest().command(name).unwrap().name, "List Devices", "{name}");
    }
    let unknown = plugin.manifest().command("ListDevice").unwrap_err();
    assert_eq!(unknown.nearest.as_deref(), Some("List Devices"));
}
