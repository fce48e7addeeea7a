//! Comparing 1,000,000 findings (10,000 devices, 100 each) of which 1 % changed, beside a bare SQL merge of the same rows.
//!
//! Both engines in one run, each with a tenth of the findings first. `cargo bench --profile dist -p soar-server --bench
//! findings`; arguments are the number of findings, and `sqlite` or `postgres` for one engine only. The bench exits with status
//! 1 when comparing takes more than 1.5 times the merge, when the memory is above 96 MiB or a quarter above that of a tenth of
//! the findings, or when a second collection without changes writes anything. The time of a tenth is printed only: two durable
//! commits are most of the difference there.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on can only end")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use soar_connector::Finding;
use soar_host::findings::{change_of, staged};
use soar_store::model::{ConnectionId, FindingFeed, GoneReason, SnapshotStatus};
use soar_store::testing::TestStore;
use soar_store::{Difference, Engine, SnapshotClaim, SnapshotEnd, StagedSnapshot, Store, Unlisted};

const PER_DEVICE: usize = 100;
const MOST_RATIO: f64 = 1.5;
const MOST_MEMORY: u64 = 96 * 1024;
const BATCH_SIZE: i64 = 1_000;

/// The findings of a day. On each later day another 1 % have another score.
fn finding(number: usize, day: u32) -> (Finding, Vec<String>) {
    let (device, cve) = (number / PER_DEVICE, format!("CVE-2025-{:05}", number % PER_DEVICE));
    let changed = number % 100 < day as usize;
    let finding = Finding {
        id: Some(number.to_string()),
        device_id: device.to_string(),
        device_name: Some(format!("device-{device}")),
        device_address: Some(format!("10.{}.{}.{}", device >> 16, (device >> 8) & 255, device & 255)),
        state: Some("discovered".to_owned()),
        cve: vec![cve.clone()],
        description: Some("A flaw in the parser of requests lets a remote attacker run code.".repeat(3)),
        cvss: Some(if changed { 9.9 } else { 7.5 }),
        software: Some("nginx 1.18.0".to_owned()),
        first_found: Some("2025-10-01T00:00:00Z".to_owned()),
        ..Finding::default()
    };
    (finding, vec![cve, "nginx 1.18.0".to_owned()])
}

async fn read(store: &Store, findings: usize, day: u32) -> StagedSnapshot {
    let mut stage = store.finding_stage().await.unwrap();
    for number in 0..findings {
        let (finding, key) = finding(number, day);
        stage.add(staged(finding, &key).unwrap()).await.unwrap();
    }
    stage
}

async fn claim(store: &Store, feed: &FindingFeed) -> SnapshotClaim {
    let mut transaction = store.transaction().await.unwrap();
    let mut records = transaction.records();
    records.create_finding_collection("Admin", &[feed.id.into()]).await.unwrap();
    let claim = records.claim_snapshot(None, "bench", Duration::from_secs(86_400)).await.unwrap().unwrap();
    transaction.commit().await.unwrap();
    claim
}

async fn write(store: &Store, claim: &SnapshotClaim, found: Vec<Difference>) {
    let changes: Vec<_> =
        found.into_iter().map(|difference| change_of(difference, GoneReason::Unknown).unwrap()).collect();
    let mut transaction = store.transaction().await.unwrap();
    transaction.records().apply_finding_changes(claim, &changes).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Compares as a collection does.
async fn compare(store: &Store, claim: &SnapshotClaim, stage: &mut StagedSnapshot) {
    stage.settle(claim.feed.id, &Unlisted::All).await.unwrap();
    let mut after = (String::new(), String::new());
    loop {
        let found = stage.differences(claim.feed.id, (&after.0, &after.1), BATCH_SIZE).await.unwrap();
        let Some(last) = found.last() else { break };
        after = (last.device.clone(), last.finding.clone());
        write(store, claim, found).await;
    }
    let gone = stage.missing(claim.feed.id, ("", ""), BATCH_SIZE).await.unwrap();
    assert!(gone.is_empty());
}

async fn end(store: &Store, claim: &SnapshotClaim) {
    let mut transaction = store.transaction().await.unwrap();
    let end = SnapshotEnd { status: SnapshotStatus::Whole, problem: None, rows_read: 0, requests: 0 };
    transaction.records().end_snapshot(claim, &end).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn last(store: &Store) -> i64 {
    store.reader().await.unwrap().records().finding_log().await.unwrap().last_sequence.0
}

/// The peak of the process's memory in KiB since the last call.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let peak = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak
}

/// The time of the reference for a day on which 1 % changed.
async fn bare_merge(store: &Store, feed: &FindingFeed, findings: usize, day: u32) -> Duration {
    let mut stage = read(store, findings, day).await;
    stage.settle(feed.id, &Unlisted::All).await.unwrap();
    stage.bare_begin(feed.id).await.unwrap();
    let begun = Instant::now();
    let written = stage.bare_merge().await.unwrap();
    let taken = begun.elapsed();
    assert_eq!(written, findings as u64 / 100);
    stage.close().await.unwrap();
    taken
}

/// Whether what is wanted holds, and the peak of the memory in KiB. `before` is the peak for a tenth of the findings.
async fn measure(engine: Engine, findings: usize, before: Option<u64>) -> (bool, u64) {
    let test = TestStore::on(engine).await;
    let store = &test.store;
    let mut transaction = store.transaction().await.unwrap();
    let feed = transaction.records().finding_feed_of(ConnectionId(1), "1", "Tenant").await.unwrap();
    transaction.commit().await.unwrap();
    peak();
    let mut phases = Vec::new();
    for (what, day) in [("baseline", 0), ("no change", 0), ("1 % changed", 1)] {
        let begun = Instant::now();
        let mut stage = read(store, findings, day).await;
        let reading = begun.elapsed();
        let known = last(store).await;
        let claim = claim(store, &feed).await;
        let begun = Instant::now();
        compare(store, &claim, &mut stage).await;
        let comparing = begun.elapsed();
        let begun = Instant::now();
        stage.count_groups(&claim).await.unwrap();
        let grouping = begun.elapsed();
        end(store, &claim).await;
        stage.close().await.unwrap();
        phases.push((what, (reading, comparing, grouping), last(store).await - known, peak()));
    }
    // Last, so that its memory does not count.
    let bare = bare_merge(store, &feed, findings, 2).await;
    let (mut is_good, mut highest, mut ratio) = (true, 0, 0.0);
    for (what, (reading, comparing, grouping), changes, memory) in phases {
        println!(
            "{engine:?} {findings} findings, {what}: read {reading:.2?}, compared {comparing:.2?}, groups counted \
             {grouping:.2?}, {changes} changes, peak {} MiB",
            memory / 1024,
        );
        is_good &= memory <= MOST_MEMORY && (what != "no change" || changes == 0);
        (highest, ratio) = (highest.max(memory), comparing.as_secs_f64() / bare.as_secs_f64());
    }
    println!("{engine:?} {findings} findings, 1 % changed: bare merge {bare:.2?}, ratio {ratio:.2}");
    if let Some(before) = before {
        is_good &= ratio <= MOST_RATIO && highest * 4 <= before * 5;
    }
    (is_good, highest)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let findings: usize = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(1_000_000);
    let chosen: Vec<_> = [(Engine::Sqlite, "sqlite"), (Engine::Postgres, "postgres")]
        .into_iter()
        .filter(|(_, name)| {
            arguments.iter().any(|text| text == name)
                || !arguments.iter().any(|text| matches!(text.as_str(), "sqlite" | "postgres"))
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut is_good = true;
    for (engine, _) in chosen {
        let (tenth_is_good, before) = runtime.block_on(measure(engine, findings / 10, None));
        is_good &= tenth_is_good & runtime.block_on(measure(engine, findings, Some(before))).0;
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
