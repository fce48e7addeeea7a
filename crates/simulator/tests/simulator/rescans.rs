//! Rescans: which are accepted, how they progress, and when their scanner is free again.

use std::time::Duration;

use footprint_simulator::Generation;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ServedSimulator, SimulatorReply, answer};

const ALL: &str = "/console/scanSurface/rescan/";
const STATUS: &str = "/console/status/scan/";

async fn rescan(instance: &ServedSimulator, scanner: impl std::fmt::Display) -> SimulatorReply {
    instance.patch(&format!("{ALL}{scanner}/"), json!({})).await
}

async fn running(instance: &ServedSimulator) -> Vec<Value> {
    let status = instance.get(STATUS).await;
    status.json["runningJobs"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_rescan_is_requested_runs_and_ends_with_the_clock() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let scanner = instance.known().active_scanner;
    let started = rescan(&instance, scanner).await;
    assert_eq!((started.status, &started.json["scannerId"]), (200, &json!(scanner)));
    let scan = format!("/console/scans/{}/", started.json["scanUuid"].as_str().unwrap());
    let status = async || instance.get(&scan).await.json["status"].clone();

    assert_eq!(status().await, "requested");
    assert_eq!(running(&instance).await[0]["progress"], 0);
    instance.advance(Duration::from_secs(30));
    assert_eq!(status().await, "running");
    let jobs = running(&instance).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0]["isRunning"], true);
    assert_eq!(jobs[0]["scanner"]["scannerId"], scanner);
    assert!((50..60).contains(&jobs[0]["progress"].as_u64().unwrap()));
    instance.advance(Duration::from_secs(31));
    assert_eq!(status().await, "done");
    assert!(running(&instance).await.is_empty());

    let list = instance.get("/console/scans/").await;
    assert_eq!((list.total(), &list.rows()[0]["status"]), (2, &json!("done")), "and one of before");
    assert!(list.rows()[0]["endDatetime"].is_string());
    assert_eq!(instance.get("/console/scans/?status=running").await.total(), 0);
}

#[tokio::test]
async fn a_scanner_runs_one_scan_at_a_time() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let scanner = instance.known().active_scanner;
        let first = rescan(&instance, scanner).await;
        assert_eq!(first.status, 200);
        assert_eq!(first.text.is_empty(), generation == Generation::Legacy);
        assert_eq!(rescan(&instance, scanner).await.status, 405);
        instance.advance(Duration::from_secs(61));
        assert_eq!(rescan(&instance, scanner).await.status, 200);
    }
}

#[tokio::test]
async fn unusable_scanners_are_refused_each_with_its_status() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let known = instance.known();
        let before = instance.state_fingerprint();
        assert_eq!(rescan(&instance, "abc").await.status, 400);
        assert_eq!(rescan(&instance, "-1").await.status, 404);
        let missing = rescan(&instance, known.missing_scanner).await;
        assert_eq!((missing.status, missing.json), (404, json!({"detail": "Not found."})));
        assert_eq!(rescan(&instance, known.busy_scanner).await.status, 405);
        assert_eq!(rescan(&instance, known.inactive_scanner).await.status, 406);
        assert_eq!(instance.state_fingerprint(), before);
        let busy = &instance.get(STATUS).await.json["areaScanJobs"][0];
        assert_eq!(busy["scanner"]["scannerId"], known.busy_scanner);
    }
}

#[tokio::test]
async fn a_rescan_of_all_starts_the_active_idle_scanners() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let known = instance.known();
    let started = instance.patch(ALL, json!({})).await;
    let scanners: Vec<_> = started.rows().iter().map(|row| row["scannerId"].as_u64()).collect();
    assert_eq!(scanners, [Some(known.cloud_scanner), Some(known.active_scanner)]);
    assert_eq!(instance.patch(ALL, json!({})).await.json, json!([]));

    let middle = ServedSimulator::of(Generation::Middle).await;
    let one = rescan(&middle, known.active_scanner).await;
    let scan = middle.get(&format!("/console/scans/{}/", one.json["scanUuid"].as_str().unwrap())).await;
    assert_eq!((&scan.json["scannerId"], &scan.json["userInputs"]), (&json!(known.active_scanner), &Value::Null));
    assert_eq!(middle.patch(ALL, json!({})).await.rows().len(), 1);

    let legacy = ServedSimulator::of(Generation::Legacy).await;
    let started = legacy.patch(ALL, json!({})).await;
    assert_eq!((started.status, started.text.as_str()), (200, ""));
    assert_eq!(running(&legacy).await.len(), 2);
    assert_eq!(legacy.get("/console/scans/").await.status, 404);
}

#[tokio::test]
async fn an_expired_trial_comes_before_everything_else() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let tenant = instance.known().trial_expired_tenant;
        assert_eq!(tenant, 3);
        for path in [ALL.to_owned(), format!("{ALL}abc/"), format!("{ALL}302/")] {
            let request = instance.request(Method::PATCH, &path);
            let request = request.header("FootprintTenantId", tenant.to_string());
            assert_eq!(answer(request).await.status, 402, "{path}");
        }
    }
}

#[tokio::test]
async fn the_fingerprint_changes_with_scans_and_not_with_time_reads_or_logins() {
    let mut instance = ServedSimulator::of(Generation::Current).await;
    let before = instance.state_fingerprint();
    instance.get(STATUS).await;
    instance.log_in(footprint_simulator::UserKind::Operations).await;
    instance.advance(Duration::from_secs(5));
    assert_eq!(instance.state_fingerprint(), before);
    rescan(&instance, instance.known().active_scanner).await;
    let after = instance.state_fingerprint();
    assert_ne!(after, before);
    instance.advance(Duration::from_secs(90));
    instance.get(STATUS).await;
    assert_eq!(instance.state_fingerprint(), after);
}
