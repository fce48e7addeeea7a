//! What masters' addresses refuse: whoever calls them has no key, so it waits for its turn, and holds nothing meanwhile.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use soar_host::tenants::TenantSettings;
use soar_store::testing::TestStore;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::instance::Instance;

async fn figure(instance: &Instance, name: &str) -> u64 {
    let metrics = instance.client.get(format!("{}/metrics", instance.url)).bearer_auth(&instance.key);
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is not in\n{metrics}")).parse().unwrap()
}

async fn wait_for_waiting(instance: &Instance, count: u64) {
    while figure(instance, "soar_host_refusals_waiting").await != count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_message_that_is_refused_waits_for_its_turn_and_holds_no_place_and_leaves_with_its_caller() {
    for test in TestStore::on_both().await {
        let tenant = Arc::new(Instance::over(test, TenantSettings::default()).await);
        let mut calls = JoinSet::new();
        let mut send = |number: usize| {
            let (path, body) = match number % 3 {
                0 => ("register", json!({ "version": 1, "key": "none", "handshake": "" })),
                1 => ("call", json!({ "version": 1 })),
                _ => ("call", json!({ "version": 99 })),
            };
            let request = tenant.client.post(format!("{}/api/tenant/v1/{path}", tenant.url)).json(&body);
            calls.spawn(async move {
                let response = request.send().await.unwrap();
                (response.status().as_u16(), response.headers()["x-request-id"].to_str().unwrap().to_owned())
            })
        };
        let mut handles: Vec<_> = (0..50 + 30).map(&mut send).collect();
        wait_for_waiting(&tenant, 30).await;
        let mut answered = Vec::new();
        for _ in 0..50 {
            answered.push(calls.join_next().await.unwrap().unwrap());
        }
        assert_eq!(figure(&tenant, "soar_host_calls_in_flight").await, 0);
        let waiting: Vec<_> = handles.drain(..).filter(|handle| !handle.is_finished()).collect();
        assert_eq!(waiting.len(), 30);
        waiting.iter().take(10).for_each(tokio::task::AbortHandle::abort);
        wait_for_waiting(&tenant, 20).await;
        tenant.clock.advance(Duration::from_secs(1));
        while let Some(call) = calls.join_next().await {
            answered.extend(call.ok());
        }
        assert_eq!(answered.len(), 70);
        let log = tenant.audit().await;
        for (status, id) in answered {
            let entries: Vec<_> = log.iter().filter(|entry| entry.request_id == id).collect();
            assert!([400, 403].contains(&status) && entries.len() == 1, "{status}: {entries:?}");
            assert_eq!((entries[0].status, entries[0].accepted), (i64::from(status), false));
        }
        assert_eq!(log.len(), 70);
        let left = r#"soar_host_calls_unanswered_total{why="left"}"#;
        assert_eq!(figure(&tenant, left).await, 10);
    }
}

#[tokio::test]
async fn messages_that_never_arrive_keep_other_messages_out_at_the_limited_rate_and_nobody_with_a_key() {
    for test in TestStore::on_both().await {
        let tenant = Arc::new(Instance::over(test, TenantSettings::default()).await);
        let mut unfinished = Vec::new();
        for _ in 0..32 {
            let mut connection = TcpStream::connect(tenant.url.trim_start_matches("http://")).await.unwrap();
            let head = "POST /api/tenant/v1/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                        Content-Length: 100\r\n\r\n";
            connection.write_all(head.as_bytes()).await.unwrap();
            unfinished.push(connection);
        }
        let send = || tenant.client.post(format!("{}/api/tenant/v1/call", tenant.url)).json(&json!({})).send();
        let mut early = 0;
        while send().await.unwrap().status() != 503 {
            early += 1;
            tenant.clock.advance(Duration::from_secs(1));
        }
        tenant.clock.advance(Duration::from_secs(1));
        // Who shows a key finds all places free.
        assert_eq!(figure(&tenant, "soar_host_calls_in_flight").await, 0);
        let mut calls = JoinSet::new();
        for _ in 0..50 + 10 {
            let request = tenant.client.post(format!("{}/api/tenant/v1/call", tenant.url)).json(&json!({}));
            calls.spawn(async move { request.send().await.unwrap().status().as_u16() });
        }
        for _ in 0..50 {
            assert_eq!(calls.join_next().await.unwrap().unwrap(), 503);
        }
        wait_for_waiting(&tenant, 10).await;
        assert_eq!(tenant.audit().await.len(), early + 1 + 50);
        tenant.clock.advance(Duration::from_secs(1));
        assert!(calls.join_all().await.into_iter().all(|status| status == 503));
        assert_eq!(tenant.audit().await.len(), early + 1 + 60);
    }
}
