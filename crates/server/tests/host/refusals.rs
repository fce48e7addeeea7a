//! Refused calls are limited per caller, their audit entries are limited, and they delay no other caller.

use std::collections::BTreeMap;

use serde_json::json;
use soar_host::settings::HostSettings;
use soar_store::model::{AuditEntry, Surface};
use soar_store::{AuditFilter, Store};

use crate::support::{TestHost, answer, certificate, key_request};

/// The number of refusals of one caller per minute with audit entries of their own.
const OWN_ENTRIES: usize = 50;

/// Sends the calls one after the other. Returns the number of answers by status. Each 429 has Retry-After.
async fn statuses(requests: impl IntoIterator<Item = reqwest::RequestBuilder>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for request in requests {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(retry_after.as_deref(), (status == 429).then_some("1"), "{status}");
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

/// Shuts the host down. Returns the audit entries of single refused calls and the counting entries.
async fn log_in_the_end(host: &mut TestHost) -> (Vec<AuditEntry>, Vec<AuditEntry>) {
    host.running.take().unwrap().shutdown().await.unwrap();
    let store = Store::open(&host.test.address).await.unwrap();
    let filter = AuditFilter { accepted: Some(false), ..AuditFilter::default() };
    let log = store.reader().await.unwrap().records().audit(&filter, 10_000).await.unwrap();
    log.into_iter().map(|(_, entry)| entry).partition(|entry| entry.status != 0)
}

/// The text of a counting entry after its times, such as `3 (3 command with status 401).`
fn told(count: &AuditEntry) -> &str {
    assert!(count.reason.starts_with("Refused calls counted in this entry, from "), "{count:?}");
    count.reason.rsplit_once("Z: ").unwrap().1
}

fn from(request: reqwest::RequestBuilder, address: &str) -> reqwest::RequestBuilder {
    request.header("x-forwarded-for", address)
}

fn behind_a_proxy(settings: &mut HostSettings) {
    settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
}

#[tokio::test]
async fn a_flood_of_one_address_has_fifty_entries_and_the_rest_is_counted_and_a_good_key_is_not_delayed() {
    for mut host in TestHost::on_both_with(|settings| settings.refused_per_second = 20).await {
        let unknown = format!("d3k_{}_{}", "0".repeat(16), "x".repeat(32));
        // All calls without a valid key count for their address.
        let kinds = |number: usize| match number % 5 {
            0 => host.bare("ShowNotes", json!({})),
            1 => host.bare("ShowNotes", json!({})).header("d3key", &unknown),
            2 => host.client.get(format!("{}/api/manage/v1/sites", host.url)),
            3 => host.client.get(format!("{}/metrics", host.url)),
            _ => host.client.get(format!("{}/VSOC/api/Command/ShowNotes", host.url)).header("d3key", "d3k_1"),
        };
        let answered = statuses((0..150).map(kinds)).await;
        assert_eq!(answered.values().sum::<usize>(), 150);
        assert_eq!(answered[&429], 130, "{answered:?}");
        assert_eq!(statuses((0..5).map(|_| host.command("ShowNotes", json!({})))).await, [(200, 5)].into());
        assert_eq!(answer(host.manage("GET", "/sites")).await.0, 200);
        host.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(statuses((0..30).map(|_| host.bare("ShowNotes", json!({})))).await, [(401, 20), (429, 10)].into());
        let metrics = host.client.get(format!("{}/metrics", host.url)).bearer_auth(&host.key).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let line = r#"soar_host_calls_total{command="metrics",status="429",surface="management"} "#;
        assert!(metrics.contains(line), "{metrics}");

        let (entries, counts) = log_in_the_end(&mut host).await;
        assert_eq!(entries.len(), OWN_ENTRIES);
        assert!(entries.iter().all(|entry| entry.address == "127.0.0.1"));
        // The audit entry has the cause, which the answer does not have.
        assert!(
            entries.iter().any(|entry| entry.status == 429 && entry.reason == "The call has no key."),
            "{entries:?}"
        );
        let [count] = counts.as_slice() else { panic!("{counts:?}") };
        assert_eq!((count.address.as_str(), count.accepted), ("127.0.0.1", false));
        // 60 calls of a hundred for commands, and 30 more of the last second.
        assert_eq!(
            told(count),
            "130 (20 command with status 401, 70 command with status 429, 40 management with status 429)."
        );
    }
}

#[tokio::test]
async fn addresses_do_not_share_and_networks_of_ipv6_are_one() {
    for mut host in TestHost::on_both_with(behind_a_proxy).await {
        for (address, count) in [("203.0.113.1", 70), ("203.0.113.2", 55), ("2001:db8::1", 40), ("2001:db8::2", 40)] {
            statuses((0..count).map(|_| from(host.bare("ShowNotes", json!({})), address))).await;
        }
        let (entries, counts) = log_in_the_end(&mut host).await;
        let mut by_address: BTreeMap<&str, usize> = BTreeMap::new();
        entries.iter().for_each(|entry| *by_address.entry(&entry.address).or_default() += 1);
        let own = [("2001:db8::1", 40), ("2001:db8::2", 10), ("203.0.113.1", 50), ("203.0.113.2", 50)];
        assert_eq!(by_address, own.into());
        let counts: BTreeMap<_, _> = counts.iter().map(|count| (count.address.as_str(), told(count))).collect();
        let counted = [
            ("2001:db8::/64", "30 (30 command with status 429)."),
            ("203.0.113.1", "20 (20 command with status 429)."),
            ("203.0.113.2", "5 (5 command with status 429)."),
        ];
        assert_eq!(counts, counted.into());
    }
}

#[tokio::test]
async fn a_good_key_beyond_its_rate_has_bounded_entries_and_takes_none_from_others() {
    for mut host in TestHost::on_both_with(|settings| settings.requests_per_second = 5).await {
        let other = host.issue(&key_request("reports", "Admin")).await;
        let answered = statuses((0..505).map(|_| host.command("ShowNotes", json!({})))).await;
        assert_eq!(answered, [(200, 5), (429, 500)].into());
        let with_other = || host.bare("ShowNotes", json!({})).header("d3key", &other);
        assert_eq!(statuses((0..5).map(|_| with_other())).await, [(200, 5)].into());
        assert_eq!(statuses((0..3).map(|_| host.bare("ShowNotes", json!({})))).await, [(401, 3)].into());
        let (entries, counts) = log_in_the_end(&mut host).await;
        let of_key = entries.iter().filter(|entry| entry.key == "playbooks" && entry.status == 429).count();
        assert_eq!((of_key, entries.len()), (OWN_ENTRIES, OWN_ENTRIES + 3));
        let [count] = counts.as_slice() else { panic!("{counts:?}") };
        assert_eq!((count.key.as_str(), count.surface), ("playbooks", Surface::Command));
        assert_eq!(told(count), "450 (450 command with status 429).");
    }
}

#[tokio::test]
async fn a_host_that_runs_tells_its_counts_by_itself() {
    for host in TestHost::on_both().await {
        statuses((0..60).map(|_| host.bare("ShowNotes", json!({})))).await;
        // The host may tell some of them before the last one has come.
        let all_told = async {
            loop {
                let entries = host.audit().await;
                let counts = entries.iter().filter(|entry| entry.status == 0).map(|entry| {
                    let told = told(entry);
                    let count: u32 = told.split(' ').next().unwrap().parse().unwrap();
                    assert_eq!(told, format!("{count} ({count} command with status 429)."));
                    count
                });
                if counts.sum::<u32>() == 10 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), all_told).await.unwrap();
    }
}

#[tokio::test]
async fn over_tls_and_http_2_a_flood_is_answered_on_the_connection_that_others_use_too() {
    let folder = tempfile::tempdir().unwrap();
    let (files, certificate) = certificate(folder.path());
    for is_http_1 in [true, false] {
        for mut host in TestHost::on_both_with(|settings| settings.tls = Some(files.clone())).await {
            let authority = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
            let client = reqwest::Client::builder().tls_certs_only([authority]);
            host.client = if is_http_1 { client.http1_only() } else { client }.build().unwrap();
            let answered = statuses((0..60).map(|_| host.bare("ShowNotes", json!({})))).await;
            assert_eq!(answered, [(401, 50), (429, 10)].into());
            assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
            let (entries, counts) = log_in_the_end(&mut host).await;
            assert_eq!((entries.len(), counts.len()), (OWN_ENTRIES, 1));
        }
    }
}

#[tokio::test]
async fn a_refused_call_keeps_no_place_from_those_that_run() {
    let change = |settings: &mut HostSettings| {
        settings.refused_per_second = 1;
        settings.calls_in_flight = 1;
    };
    for host in TestHost::on_both_with(change).await {
        statuses([host.bare("ShowNotes", json!({}))]).await;
        // Of a body that is longer than what is read at once, nothing is waited for either.
        let long = reqwest::Body::wrap_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        assert_eq!(statuses([host.bare("ShowNotes", json!({})).body(long)]).await, [(429, 1)].into());
        let manage = host.client.post(format!("{}/api/manage/v1/sites", host.url)).json(&json!({}));
        assert_eq!(statuses([manage]).await, [(429, 1)].into());
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
    }
}
