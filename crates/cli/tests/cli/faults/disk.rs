//! A full disk, simulated by a limit on the size of the process's files, which needs no rights and can be removed.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::work::{HostClient, prepare, times_done};
use crate::instance::{HostProcess, Instance};

/// Without this the system ends a process that writes beyond its limit. A full disk does not end it.
const NO_SIGNAL: &str = "trap '' XFSZ";

/// Sets the limit of the process's files. Larger files cannot be written beyond it.
fn limit(served: &HostProcess, bytes: &str) {
    let process = served.child.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:")]).status().unwrap();
    assert!(limited.success());
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_whose_disk_is_full_does_nothing_by_halves_says_so_and_goes_on_by_itself() {
    let instance = Instance::new();
    let calls: Vec<_> = (0..20).map(|number| format!("call{number}")).collect();
    prepare(&instance, calls.iter());
    let log = instance.path().with_file_name("log");
    let served = instance.serve_after(NO_SIGNAL, &log);
    let caller = HostClient::of(&instance, &served);
    assert_eq!(caller.close(&calls[0]).await.unwrap(), (200, "Successful".to_owned()));
    assert_eq!(caller.read().await.0, 200);
    // Room for some of the calls.
    let store = instance.path().join("host.db");
    let largest = length(&store).max(length(&store.with_extension("db-wal")));
    limit(&served, &(largest + 200 * 1024).to_string());
    let (mut done, mut refused) = (vec![&calls[0]], Vec::new());
    for call in &calls[1..] {
        match caller.close(call).await.unwrap() {
            (200, said) => {
                assert_eq!(said, "Successful");
                done.push(call);
            }
            (status, said) => {
                assert_eq!(status, 503, "{said}");
                assert!(said.contains("nothing was done") && said.contains("Try again later"), "{said}");
                refused.push(call);
            }
        }
    }
    assert!(!refused.is_empty(), "there was room for all of it");
    assert!(times_done(&instance, done.iter().copied()).iter().all(|times| *times == 1));
    assert!(times_done(&instance, refused.iter().copied()).iter().all(|times| *times == 0));
    // No room for even a small write: a call that only reads is not answered either, since its audit entry cannot be
    // written.
    limit(&served, "1");
    for _ in 0..20 {
        let (status, said) = caller.read().await;
        assert_eq!(status, 503, "{said}");
        assert_eq!(caller.close(refused[0]).await.unwrap().0, 503);
    }
    let said = caller.becomes(503).await;
    assert!(said.contains("The disk under the store") && said.contains("full"), "{said}");
    assert_eq!(caller.page("/healthz").await, (200, "ok\n".to_owned()));
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("The disk under the store cannot be read or written: it is full"), "{logged}");
    // Not one line for each call, nor for each round of the scheduler.
    assert!(logged.lines().count() <= 6, "{logged}");
    limit(&served, "unlimited");
    caller.becomes(200).await;
    for call in &calls {
        assert_eq!(caller.close(call).await.unwrap(), (200, "Successful".to_owned()), "{call}");
    }
    assert!(times_done(&instance, calls.iter()).iter().all(|times| *times == 1));
    assert!(std::fs::read_to_string(&log).unwrap().contains("The store works again."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_finds_no_room_for_its_file_changes_nothing_and_works_later() {
    let instance = Instance::new();
    prepare(&instance, [].iter());
    let log = instance.path().with_file_name("log");
    let served = instance.serve_after(NO_SIGNAL, &log);
    let caller = HostClient::of(&instance, &served);
    let (rows, row) = (20_000, "Security Operations");
    let rows: String = (0..rows).map(|number| format!("{{\"number\":\"{number}\",\"site\":\"{row}\"}}\n")).collect();
    let url = format!("{}/api/manage/v1/transfer/incidents", served.url());
    let key = instance.made["key"].as_str().unwrap();
    let import = async || {
        let call = caller.client.post(&url).header("d3key", key).header("content-type", "application/x-ndjson");
        let response = call.body(rows.clone()).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    // The store's own files are smaller, and have room.
    limit(&served, &(800 * 1024).to_string());
    let (status, said) = import().await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("cannot store the body"), "{said}");
    assert_eq!(caller.page("/readyz").await.0, 200, "the store has room");
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("temporary folder") && logged.contains("TMPDIR"), "{logged}");
    assert!(instance.json(["incident", "list"]).as_array().unwrap().is_empty());
    limit(&served, "unlimited");
    let (status, said) = import().await;
    assert!(status == 200 && said.contains("20000"), "{status}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_calls_that_are_counted_while_the_disk_is_full_are_in_the_audit_log_later() {
    let instance = Instance::new();
    let served = instance.serve_after(NO_SIGNAL, &instance.path().with_file_name("log"));
    let client = reqwest::Client::new();
    let url = format!("{}/VSOC/api/Command/GetIncidents", served.url());
    let refuse = async |calls: usize| {
        for _ in 0..calls {
            let status = client.post(&url).header("d3key", "wrong").send().await.unwrap().status().as_u16();
            assert!(status == 401 || status == 429, "{status}");
        }
    };
    // The first 50 of a minute have entries of their own; the others are counted.
    refuse(60).await;
    limit(&served, "1");
    refuse(30).await;
    // Longer than from one writing of the counts to the next.
    tokio::time::sleep(Duration::from_secs(11)).await;
    limit(&served, "unlimited");
    let counted = || -> u64 {
        let entries = instance.json(["audit", "--refused", "--limit", "1000"]);
        let counts = entries.as_array().unwrap().iter().filter(|entry| entry["status"] == 0).map(|entry| {
            let reason = entry["reason"].as_str().unwrap();
            reason.split_once("Z: ").unwrap().1.split_once(' ').unwrap().0.parse::<u64>().unwrap()
        });
        counts.sum()
    };
    let begun = Instant::now();
    while counted() < 40 {
        assert!(begun.elapsed() < Duration::from_secs(60), "only {} calls are counted", counted());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(counted(), 40);
}
