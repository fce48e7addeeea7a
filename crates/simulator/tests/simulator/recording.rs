//! Recorded requests can be read back.

use footprint_simulator::Generation;
use reqwest::Method;
use serde_json::json;

use crate::client::{DEVICES, ServedSimulator, answer};

#[tokio::test]
async fn requests_are_recorded_with_everything_that_was_sent() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let target = instance.known().target;
    let path = format!("/console/scanSurface/currentTargets/{target}/");
    let request = instance.request(Method::PATCH, &path);
    let request = request.header("X-XSRF-Token", "abc").json(&json!({"scope": "OUT"}));
    answer(request).await;
    instance.get(&format!("{DEVICES}?filter=10.%20x&tags=a%2Cb&tags=%C3%BC")).await;
    instance.get("/console/nothing/").await;

    let requests = instance.requests();
    assert_eq!(requests.len(), 3);
    let patch = &requests[0];
    assert_eq!((patch.method.as_str(), patch.status), ("PATCH", 200));
    assert_eq!(patch.path, format!("/api{path}"));
    assert_eq!(patch.route, "/console/scanSurface/currentTargets/{targetId}/");
    assert_eq!(patch.headers["x-xsrf-token"], "abc");
    assert_eq!(patch.headers["authorization"], format!("Bearer {}", instance.access));
    assert_eq!(patch.body, r#"{"scope":"OUT"}"#);
    let decoded: Vec<_> = requests[1].query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(decoded, [("filter", "10. x"), ("tags", "a,b"), ("tags", "ü")]);
    assert_eq!((requests[2].route.as_str(), requests[2].status), ("", 404));
    instance.clear_requests();
    assert!(instance.requests().is_empty());
}

#[tokio::test]
async fn long_bodies_are_cut_in_the_record() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let body = json!({"username": "x".repeat(100_000), "password": "y"});
    instance.post("/auth/token/", body).await;
    assert_eq!(instance.requests()[0].body.len(), 64 * 1024);
}

#[tokio::test]
async fn a_connection_that_was_closed_is_recorded_without_a_status() {
    let instance = ServedSimulator::of(Generation::Current).await;
    instance.fault("devices close count=1");
    let request = instance.request(Method::GET, DEVICES);
    assert!(request.send().await.is_err());
    assert_eq!(instance.requests()[0].status, 0);
}
