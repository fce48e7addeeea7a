//! The contract suite finds nothing in a good connector, and each breach in a bad one.

use std::sync::atomic::Ordering;

use serde_json::json;
use soar_connector::testing::Suite;
use soar_connector::{Command, RawParameters};

use crate::sample::{SamplePlugin, Vice};

const CANARY: &str = "c4nary/password+1";

async fn breaches(vice: Vice) -> Vec<String> {
    let plugin = SamplePlugin::new(vice);
    let parameters = |command: &Command| {
        let mut parameters = RawParameters::new();
        if command.name == "Read Things" {
            parameters.insert("Kind".into(), json!("small"));
        }
        parameters
    };
    let suite = Suite {
        plugin: &plugin,
        settings: vec![("Password".into(), CANARY.into())],
        canary: CANARY.into(),
        has: &|_: &Command| true,
        parameters: &parameters,
        fingerprint: &|| plugin.state.load(Ordering::Relaxed).to_string(),
    };
    suite.run().await.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_good_connector_keeps_the_contract() {
    assert_eq!(breaches(Vice::None).await, Vec::<String>::new());
}

#[tokio::test]
async fn every_breach_is_found_and_named() {
    for (vice, rule) in [
        (Vice::MissingHandler, "valid parameters succeed: Write Thing: Write Thing failed."),
        (Vice::WritesOnRead, "read commands change nothing: Read Things"),
        (Vice::LogsPassword, "secrets are shown nowhere: log lines at trace level"),
        (Vice::ShowsPassword, "secrets are shown nowhere: JSON of Read Things"),
        (Vice::EncodesPassword, "secrets are shown nowhere: JSON of Read Things"),
        (Vice::DebugsPassword, "secrets are shown nowhere: Debug of the connector"),
        (Vice::FindingWithoutDevice, "keep them: Read Things: a row has no device id at $.device"),
        (
            Vice::FindingWithNewKeys,
            "keep them: Read Things: of 5 lists of the same findings no two in a row have the same keys",
        ),
        (Vice::UnmarkedSecret, "secrets are marked: API Key"),
    ] {
        let found = breaches(vice).await;
        assert!(found.iter().any(|breach| breach.contains(rule)), "{vice:?}: {found:#?}");
    }
}
