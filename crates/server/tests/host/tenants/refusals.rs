//! Refusals at the tenants' endpoint: the caller has no key, so the limits apply to its address.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use soar_host::tenants::TenantSettings;
use soar_store::testing::TestStore;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::instance::TenantInstance;

/// The number of refusals of an address per minute with audit entries of their own.
const OWN_ENTRIES: usize = 50;

async fn figure(instance: &TenantInstance, name: &str) -> u64 {
    let metrics = instance.client.get(format!("{}/metrics", instance.url)).bearer_auth(&instance.key);
    let metrics = metrics.send().await.unwrap().text().await.unwrap();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{name} is not in\n{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn messages_that_are_refused_are_limited_and_counted_and_hold_no_place() {
    for test in TestStore::on_both().await {
        let mut tenant = TenantInstance::over(test, TenantSettings::default()).await;
        let calls = (0..80).map(|number| {
            let (path, body) = match number % 3 {
                0 => ("register", json!({ "version": 1, "key": "none", "handshake": "" })),
                1 => ("call", json!({ "version": 1 })),
                _ => ("call", json!({ "version": 99 })),
            };
            let request = tenant.client.post(format!("{}/api/tenant/v1/{path}", tenant.url)).json(&body);
            async move {
                let response = request.send().await.unwrap();
                let retry_after = response.headers().contains_key("retry-after");
                let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
                (response.status().as_u16(), retry_after, id)
            }
        });
        // Fewer than the limit of an address.
        let answered: Vec<_> = stream::iter(calls).buffer_unordered(8).collect().await;
        let (limited, refused): (Vec<_>, Vec<_>) = answered.into_iter().partition(|(status, ..)| *status == 429);
        assert_eq!((refused.len(), limited.len()), (50, 30));
        assert!(limited.iter().all(|(_, retry_after, _)| *retry_after));
        assert!(refused.iter().all(|(status, ..)| [400, 403].contains(status)));
        assert_eq!(figure(&tenant, "soar_host_calls_in_flight").await, 0);
        let log = tenant.audit_in_the_end().await;
        let (counts, entries): (Vec<_>, Vec<_>) = log.into_iter().partition(|entry| entry.status == 0);
        let answered: Vec<_> = refused.into_iter().chain(limited).collect();
        assert_eq!(entries.len(), OWN_ENTRIES);
        for entry in &entries {
            let (status, ..) = answered.iter().find(|(_, _, id)| *id == entry.request_id).unwrap();
            assert_eq!((entry.status, entry.accepted), (i64::from(*status), false));
        }
        let [count] = counts.as_slice() else { panic!("{counts:?}") };
        assert!(count.reason.contains("Z: 30 ("), "{count:?}");
    }
}

#[tokio::test]
async fn messages_that_never_arrive_take_the_share_of_their_address_and_keep_nobody_with_a_key_out() {
    for test in TestStore::on_both().await {
        let tenant = Arc::new(TenantInstance::over(test, TenantSettings::default()).await);
        let mut unfinished = Vec::new();
        for _ in 0..16 {
            let mut connection = TcpStream::connect(tenant.url.trim_start_matches("http://")).await.unwrap();
            let head = "POST /api/tenant/v1/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                        Content-Length: 100\r\n\r\n";
            connection.write_all(head.as_bytes()).await.unwrap();
            unfinished.push(connection);
        }
        let send = || tenant.client.post(format!("{}/api/tenant/v1/call", tenant.url)).json(&json!({})).send();
        while send().await.unwrap().status() != 429 {
            tenant.clock.advance(Duration::from_millis(100));
        }
        // A caller with a key is not affected.
        assert_eq!(figure(&tenant, "soar_host_calls_in_flight").await, 0);
        // All connections without a key together have a limit of 64.
        for _ in 0..2 {
            let mut calls = JoinSet::new();
            for _ in 0..30 {
                let request = tenant.client.post(format!("{}/api/tenant/v1/call", tenant.url)).json(&json!({}));
                calls.spawn(async move { request.send().await.unwrap().status().as_u16() });
            }
            assert!(calls.join_all().await.into_iter().all(|status| status == 429));
        }
        let own = tenant.audit().await.into_iter().filter(|entry| entry.status != 0).count();
        assert_eq!(own, OWN_ENTRIES);
    }
}
