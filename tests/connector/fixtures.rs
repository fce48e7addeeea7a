//! The commands make the table, the key fields and the raw bytes of the replies in `fixtures/`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, documented, run};

fn fixture(command: &str, generation: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(command);
    fs::read_to_string(folder.join(format!("{generation}.json"))).ok()
}

#[tokio::test]
async fn every_fixture_becomes_its_table_and_keeps_its_bytes() {
    for command in &documented() {
        let slug = soar_connector::name::normalised(&command.name);
        for generation in ["legacy", "middle", "current"] {
            let Some(body) = fixture(&slug, generation) else {
                assert_eq!(generation, "middle", "{slug}: only this one may be as legacy, and then has no fixture");
                continue;
            };
            let (reply, tenants) = (body.clone(), fixture("list-tenants", generation).unwrap());
            let is_test = command.name == "Test Connection";
            let url = serve(move |method, path, _| {
                let path = path.split('?').next().unwrap_or_default();
                match (method, path) {
                    ("POST", _) => logged_in(),
                    (_, "/api/common/auth/session/accounts/") if is_test => CannedReply::json(tenants.clone()),
                    // It vouches for replies that the vendor publishes no shape for.
                    (_, "/api/common/auth/session/") if !is_test => CannedReply::json(r#"{"isLoggedIn":true}"#),
                    _ => CannedReply::json(reply.clone()),
                }
            })
            .await;
            let connector = connect(&[("Server URL", &url), ("User Name", "ada@example.com"), ("Password", "p")]);
            let parameters: serde_json::Map<String, Value> = command
                .inputs
                .iter()
                .filter(|input| input.required)
                .map(|input| (input.name.clone(), input.example.clone()))
                .collect();
            let outcome = run(&*connector, &command.name, parameters.into()).await;
            assert!(outcome.is_successful(), "{slug} {generation}: {:?}", outcome.error);
            let raw = serde_json::to_string(&outcome.raw_data).unwrap();
            if is_test || body.is_empty() {
                assert_eq!(raw, "null", "{slug} {generation}");
            } else {
                assert_eq!(raw, body.trim(), "{slug} {generation}: the bytes are the vendor's");
            }
            assert!(!serde_json::to_string(&outcome).unwrap().contains("invented-"), "{slug}: a token is shown");
            let keys: serde_json::Map<String, Value> = outcome
                .key_fields
                .iter()
                .map(|field| (field.name.clone(), Value::from(field.values.clone())))
                .collect();
            let context = serde_json::to_value(outcome.result.context_data()).unwrap();
            insta::assert_json_snapshot!(format!("{slug}_{generation}"), json!({ "context": context, "keys": keys }));
        }
    }
}
