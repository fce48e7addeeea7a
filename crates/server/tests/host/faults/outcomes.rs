//! The answers to calls with a certain or possible effect when the store fails afterwards.

use serde_json::json;
use soar_store::Engine;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _};

use crate::support::{TestHost, answer};

const DONE: &str = "The call was carried out, but the host's store failed";
const MAYBE: &str = "the command's effect is unknown";

async fn run_sql(host: &TestHost, sql: &str) {
    let address = &host.test.address;
    let address = if address.contains("://") { address.clone() } else { format!("sqlite:{address}") };
    let mut connection = AnyConnection::connect(&address).await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_change_at_a_vendor_whose_answer_cannot_be_kept_is_told_as_made() {
    for host in TestHost::on_both().await {
        for (command, key, table) in [
            ("PatchDevice", Some("entry"), "audit"),
            ("PatchDevice", Some("answer"), "answers"),
            ("PatchDevice", None, "audit"),
            ("ListDevices", None, "audit"),
        ] {
            let mut call = host.command(command, json!({ "Name": "a", "Mode": "wait" }));
            if let Some(key) = key {
                call = call.header("Idempotency-Key", key);
            }
            let call = tokio::spawn(answer(call));
            host.gate.entered().await;
            run_sql(&host, &format!("ALTER TABLE {table} RENAME TO gone")).await;
            host.gate.let_one_go();
            let (status, refused) = call.await.unwrap();
            let said = refused["Error"].as_str().unwrap();
            assert_eq!((status, said.starts_with(DONE)), (503, command == "PatchDevice"), "{command}: {refused}");
            run_sql(&host, &format!("ALTER TABLE gone RENAME TO {table}")).await;
        }
        // A failed call has changed nothing at the vendor.
        let (status, refused) = answer(host.command("PatchDevice", json!({ "Name": "a", "Mode": "refuse" }))).await;
        assert_eq!((status, &refused["error"]), (200, &json!("The vendor refuses.")), "{refused}");
        run_sql(&host, "ALTER TABLE audit RENAME TO gone").await;
        let (status, refused) = answer(host.command("PatchDevice", json!({ "Name": "a", "Mode": "refuse" }))).await;
        assert_eq!((status, refused["Error"].as_str().unwrap().starts_with(DONE)), (503, false), "{refused}");
    }
}

#[tokio::test]
async fn a_change_amid_which_the_store_failed_is_told_as_one_that_may_have_been_made() {
    for host in TestHost::on_both().await {
        for key in [None, Some("once")] {
            for (command, status, is_open) in [("PatchDevice", 503, true), ("ListDevices", 500, false)] {
                let mut call = host.command(command, json!({ "Name": "a", "Mode": "store" }));
                if let Some(key) = key {
                    call = call.header("Idempotency-Key", format!("{command}-{key}"));
                }
                let (answered, refused) = answer(call).await;
                assert_eq!(answered, status, "{refused}");
                assert_eq!(refused["Error"].as_str().unwrap().contains(MAYBE), is_open, "{command}: {refused}");
                assert!(!refused.to_string().contains("secret cause"), "{refused}");
            }
        }
        // Nor is more known when its entry cannot be written.
        run_sql(&host, "ALTER TABLE audit RENAME TO gone").await;
        for key in ["", "another"] {
            let call = host.command("PatchDevice", json!({ "Name": "a", "Mode": "store" }));
            let call = if key.is_empty() { call } else { call.header("Idempotency-Key", key) };
            let (status, refused) = answer(call).await;
            assert_eq!((status, refused["Error"].as_str().unwrap().contains(MAYBE)), (503, true), "{refused}");
        }
    }
}

#[tokio::test]
async fn an_import_that_breaks_off_may_have_been_made_and_one_without_an_entry_was() {
    for host in TestHost::on_both().await {
        let import = async |number: &str| {
            let row = format!("{{\"number\":\"{number}\",\"site\":\"Security Operations\"}}\n");
            let call = host.manage("POST", "/transfer/incidents").header("content-type", "application/x-ndjson");
            answer(call.body(row)).await
        };
        run_sql(&host, "ALTER TABLE audit RENAME TO gone").await;
        let (status, refused) = import("1").await;
        assert_eq!((status, refused["Error"].as_str().unwrap().contains(MAYBE)), (503, true), "{refused}");
        // One transaction has its entry or is undone.
        let (status, refused) = answer(host.manage("POST", "/users").json(&json!({ "name": "unseen" }))).await;
        assert_eq!((status, refused["Error"].as_str().unwrap().contains("carried out")), (503, false), "{refused}");
        run_sql(&host, "ALTER TABLE gone RENAME TO audit").await;
        // The rows' entries have room, and the call's own has none.
        run_sql(
            &host,
            match host.test.store.engine() {
                Engine::Sqlite => {
                    "CREATE TRIGGER act BEFORE INSERT ON audit WHEN NEW.reason = '1 added'
                         BEGIN SELECT RAISE(ABORT, 'no room'); END"
                }
                Engine::Postgres => "ALTER TABLE audit ADD CONSTRAINT act CHECK (reason <> '1 added')",
            },
        )
        .await;
        let (status, refused) = import("2").await;
        assert_eq!((status, refused["Error"].as_str().unwrap().starts_with(DONE)), (503, true), "{refused}");
        assert!(host.test.store.reader().await.unwrap().records().incident("2").await.is_ok());
    }
}
