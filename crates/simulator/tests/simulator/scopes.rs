//! Scan scopes: what each generation accepts, and that changes stay.

use footprint_simulator::Generation;
use serde_json::{Value, json};

use crate::client::{ServedSimulator, SimulatorReply};

async fn set(instance: &ServedSimulator, target: u64, scope: Value) -> SimulatorReply {
    let path = format!("/console/scanSurface/currentTargets/{target}/");
    instance.patch(&path, json!({"scope": scope})).await
}

/// The target's row in List Scan Surfaces.
async fn shown(instance: &ServedSimulator, target: u64) -> Value {
    let list = instance.get("/console/scanSurface/").await;
    let scanners = list.rows().iter().flat_map(|row| row["scanners"].as_array().unwrap());
    let mut targets = scanners.flat_map(|part| part["currentTargets"].as_array().unwrap());
    targets.find(|row| row["id"] == target).unwrap().clone()
}

#[tokio::test]
async fn out_of_scope_stays_visible_in_the_scan_surface() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let target = instance.known().target;
        let before = instance.state_fingerprint();
        assert_eq!(shown(&instance, target).await["isTargetStopped"], false);
        let answer = set(&instance, target, json!("OUT")).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
        assert_eq!(shown(&instance, target).await["isTargetStopped"], true);
        let after = instance.state_fingerprint();
        assert_ne!(after, before);
        set(&instance, target, json!("OUT")).await;
        assert_eq!(instance.state_fingerprint(), after);
    }
}

#[tokio::test]
async fn legacy_and_middle_know_three_scopes_and_current_one() {
    for generation in [Generation::Legacy, Generation::Middle] {
        let instance = ServedSimulator::of(generation).await;
        let target = instance.known().target;
        for scope in ["OUT", "IN", "ALL"] {
            assert_eq!(set(&instance, target, json!(scope)).await.status, 200);
        }
        assert_eq!(shown(&instance, target).await["isTargetStopped"], false);
        for scope in ["out", "Out", "SIDEWAYS"] {
            let answer = set(&instance, target, json!(scope)).await;
            assert_eq!(answer.status, 400);
            assert_eq!(answer.json["scope"][0], format!("\"{scope}\" is not a valid choice."));
        }
    }
    let current = ServedSimulator::of(Generation::Current).await;
    let target = current.known().target;
    for scope in ["IN", "ALL", "out"] {
        let answer = set(&current, target, json!(scope)).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json["detail"], "Only the scope OUT is supported.");
    }
}

#[tokio::test]
async fn unknown_targets_and_missing_scopes_are_refused() {
    for generation in Generation::ALL {
        let instance = ServedSimulator::of(generation).await;
        let known = instance.known();
        assert_eq!(set(&instance, known.missing_target, json!("OUT")).await.status, 404);
        let answer = set(&instance, known.target, Value::Null).await;
        assert_eq!((answer.status, &answer.json["scope"][0]), (400, &json!("This field is required.")));
    }
}
