//! Changes whose callers go away in mid-call, over HTTP/1 and HTTP/2. Changes of masters, of MCP and of the console have tests of
//! their own.

use std::time::Duration;

use serde_json::json;
use soar_store::Engine;
use soar_store::testing::TestStore;

use crate::support::{TestHost, site};

/// The time in which a host notices that a caller has gone away.
const NOTICED: Duration = Duration::from_millis(300);

/// The sites that changes made, once there is one.
async fn first_notes(host: &TestHost) -> Vec<String> {
    let made = async {
        loop {
            match host.notes().await {
                none if none.is_empty() => tokio::time::sleep(Duration::from_millis(10)).await,
                notes => break notes,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), made).await.unwrap()
}

/// A host whose client speaks this version of HTTP.
async fn host(engine: Engine, is_http2: bool) -> TestHost {
    let mut host = TestHost::start(TestStore::on(engine).await, TestHost::settings()).await;
    if is_http2 {
        host.client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        // The connection stays when a call is dropped: only the call's stream is reset.
        assert_eq!(host.manage("GET", "/sites").send().await.unwrap().version(), reqwest::Version::HTTP_2);
    }
    host
}

#[tokio::test]
async fn a_change_by_a_command_is_finished() {
    for (engine, is_http2) in
        [(Engine::Sqlite, false), (Engine::Sqlite, true), (Engine::Postgres, false), (Engine::Postgres, true)]
    {
        let host = host(engine, is_http2).await;
        let call = host.command("MakeNote", json!({ "Name": "Late", "Mode": "wait" }));
        let call = tokio::spawn(call.send());
        host.gate.entered().await;
        call.abort();
        call.await.unwrap_err();
        tokio::time::sleep(NOTICED).await;
        host.gate.let_one_go();
        assert_eq!(first_notes(&host).await, ["Late"]);
    }
}

#[tokio::test]
async fn a_change_of_the_management_api_is_finished() {
    for is_http2 in [false, true] {
        let host = host(Engine::Sqlite, is_http2).await;
        // The change waits for the store.
        let mut held = host.test.store.transaction().await.unwrap();
        held.records().create_site(&site("Held"), host.now()).await.unwrap();
        let call =
            tokio::spawn(host.manage("POST", "/sites").json(&json!({ "name": "Late", "kind": "Internal" })).send());
        tokio::time::sleep(NOTICED).await;
        assert!(!call.is_finished(), "the change does not wait");
        call.abort();
        call.await.unwrap_err();
        tokio::time::sleep(NOTICED).await;
        drop(held);
        assert_eq!(first_notes(&host).await, ["Late"]);
    }
}
