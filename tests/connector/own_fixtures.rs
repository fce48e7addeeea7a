//! The commands beyond the documented ones read several of the vendor's replies in `fixtures/`.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};

use crate::stub::{CannedReply, logged_in, serve};
use crate::support::{connect, manifest, run};

/// A fixture: the command's parameters, and the reply to each request, `METHOD path`.
fn fixture(slug: &str, generation: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(slug);
    let text = fs::read_to_string(folder.join(format!("{generation}.json"))).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn every_fixture_of_several_replies_becomes_its_table() {
    for command in manifest().commands.iter().filter(|command| !command.documented) {
        let slug = soar_connector::name::normalised(&command.name);
        for generation in ["legacy", "middle", "current"] {
            let fixture = fixture(&slug, generation).unwrap_or_else(|| panic!("{slug} has no {generation} fixture"));
            let replies = fixture["replies"].as_object().unwrap().clone();
            let asked = Arc::new(Mutex::new(Map::new()));
            let (served, heard) = (replies.clone(), Arc::clone(&asked));
            let url = serve(move |method, path, _| {
                let path = path.split('?').next().unwrap_or_default().trim_start_matches("/api");
                let request = format!("{method} {path}");
                match served.get(&request) {
                    Some(reply) => {
                        // A list of replies is given one after the other, the last one again and again.
                        let mut heard = heard.lock().unwrap();
                        let count = heard.get(&request).and_then(Value::as_u64).unwrap_or(0);
                        heard.insert(request, json!(count + 1));
                        let in_turn = reply.get("inTurn").and_then(Value::as_array);
                        let reply = in_turn.map_or(reply, |all| &all[(count as usize).min(all.len() - 1)]);
                        if reply.is_null() { CannedReply::json("") } else { CannedReply::json(reply.to_string()) }
                    }
                    None if method == "POST" && path == "/auth/token/" => logged_in(),
                    None if path == "/common/auth/session/" => CannedReply::json(r#"{"isLoggedIn":true}"#),
                    None => CannedReply::status(404, r#"{"detail":"Not found."}"#),
                }
            })
            .await;
            let connector = connect(&[("Server URL", &url), ("User Name", "ada@example.com"), ("Password", "p")]);
            let outcome = run(&*connector, &command.name, fixture["parameters"].clone()).await;
            let asked = asked.lock().unwrap().clone();
            let unused: Vec<_> = replies.keys().filter(|request| !asked.contains_key(*request)).collect();
            assert!(unused.is_empty(), "{slug} {generation} never asked for {unused:?}");
            let keys: Map<String, Value> = outcome
                .key_fields
                .iter()
                .map(|field| (field.name.clone(), Value::from(field.values.clone())))
                .collect();
            let error = outcome.error.as_ref().map(|error| format!("{}: {}", error.code, error.message));
            let context = serde_json::to_value(outcome.result.context_data()).unwrap();
            let warnings: Vec<_> = outcome.warnings.iter().map(|warning| warning.message.clone()).collect();
            let seen = json!({ "error": error, "context": context, "keys": keys, "missing": outcome.receipt.missing, "warnings": warnings });
            insta::assert_json_snapshot!(format!("{slug}_{generation}"), seen);
        }
    }
}
