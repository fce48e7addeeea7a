//! PostgreSQL that vanishes, breaks at a commit, or does not wait for its disk.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use soar_store::Store;
use soar_store::testing::{PostgresServer, Stop, TestStore};

use super::proxy::{Break, Proxy};
use crate::support::{TestHost, answer};

/// How long the server may take to answer. Longer than any answer takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(2);

async fn behind_a_proxy() -> (TestHost, Proxy) {
    let (address, proxy) = Proxy::to_a_database().await;
    (TestHost::start(TestStore::at(&address, TIMEOUT).await, TestHost::settings()).await, proxy)
}

fn note(host: &TestHost, name: &str) -> reqwest::RequestBuilder {
    host.command("MakeNote", json!({ "Name": name })).header("Idempotency-Key", name.replace(' ', "-"))
}

async fn ready(host: &TestHost) -> (u16, String) {
    let response = host.client.get(format!("{}/readyz", host.url)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn calls_to_a_server_that_vanished_end_and_its_successor_is_found_without_a_restart() {
    let (host, proxy) = behind_a_proxy().await;
    assert_eq!(answer(note(&host, "Before")).await.0, 200);
    proxy.vanish();
    // More than there are connections, so that each of them is stuck.
    let names: Vec<_> = (0..20).map(|number| format!("Note {number}")).collect();
    let begun = Instant::now();
    let refused = futures_util::future::join_all(names.iter().map(|name| answer(note(&host, name)))).await;
    for (status, refused) in refused {
        assert_eq!(status, 503, "{refused}");
        let said = refused["Error"].as_str().unwrap();
        assert!(said.contains("Try again later") || said.contains("same Idempotency-Key"), "{said}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let (status, said) = ready(&host).await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("does not answer"), "{said}");
    proxy.come_back();
    // The former server stays silent, so only new connections work.
    while ready(&host).await.0 != 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the host does not come back");
        tokio::task::yield_now().await;
    }
    let again = futures_util::future::join_all(names.iter().map(|name| answer(note(&host, name)))).await;
    assert!(again.iter().all(|(status, _)| *status == 200), "{again:?}");
    let mut notes = host.notes().await;
    notes.sort();
    let mut expected: Vec<_> = names.into_iter().chain(["Before".to_owned()]).collect();
    expected.sort();
    assert_eq!(notes, expected);
}

#[tokio::test]
async fn a_caller_is_told_when_nobody_knows_whether_its_change_was_made_and_the_repeat_does_it_once() {
    let (host, proxy) = behind_a_proxy().await;
    let breaks = [(Break::BeforeCommit, "Lost", 0), (Break::AfterCommit, "Made", 1), (Break::InPanic, "Full", 1)];
    for (when, name, made) in breaks {
        proxy.break_once(when);
        let (status, refused) = answer(note(&host, name)).await;
        assert_eq!(status, 503, "{refused}");
        let said = refused["Error"].as_str().unwrap();
        assert!(said.contains("it is unknown whether the change was made"), "{said}");
        assert!(said.contains("Repeat the call with the same Idempotency-Key"), "{said}");
        let count = async || host.notes().await.iter().filter(|note| *note == name).count();
        assert_eq!(count().await, made, "{when:?}");
        let (status, answered): (u16, Value) = answer(note(&host, name)).await;
        assert_eq!((status, &answered["returnData"]), (200, &json!("Successful")), "{when:?}: {answered}");
        assert_eq!(count().await, 1, "{when:?}");
    }
    let statuses: Vec<_> = host.audit().await.into_iter().map(|entry| entry.status).collect();
    // A commit whose answer was lost is in the audit log too.
    assert_eq!(statuses, [503, 200, 200, 503, 200, 200, 503, 200]);
}

#[tokio::test]
async fn commits_wait_for_the_disk_whatever_the_administrator_of_the_server_set() {
    let server = PostgresServer::shared();
    let address = server.new_database();
    for (theirs, ours) in [("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")] {
        let database = address.split('?').next().unwrap().rsplit('/').next().unwrap();
        server.run_sql(&address, &format!("ALTER DATABASE {database} SET synchronous_commit = {theirs}"));
        let store = Store::open(&address).await.unwrap();
        assert_eq!(store.pragma("SHOW synchronous_commit").await.unwrap(), ours, "{theirs}");
        assert_eq!(store.pragma("SHOW application_name").await.unwrap(), "footprint");
        assert_eq!(store.pragma("SHOW jit").await.unwrap(), "off");
        store.close().await;
    }
    // The tests' server does not wait for the disk, which no session can change.
    let store = Store::open(&address).await.unwrap();
    let warning = store.durability_warning().await.unwrap().unwrap();
    assert!(warning.contains("fsync = off") && warning.contains("Set it to on"), "{warning}");
    assert!(!warning.contains("full_page_writes"), "{warning}");
}

#[tokio::test]
async fn a_server_that_may_be_damaged_by_a_loss_of_power_is_warned_of() {
    let server = PostgresServer::alone();
    let address = server.new_database();
    server.run_sql(&address, "ALTER SYSTEM SET full_page_writes = off");
    server.stop(Stop::Fast);
    server.start_again();
    let warning = Store::open(&address).await.unwrap().durability_warning().await.unwrap().unwrap();
    assert!(warning.contains("fsync = off and full_page_writes = off:"), "{warning}");
}
