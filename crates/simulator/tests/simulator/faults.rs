//! Every fault does on the wire what it says.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use footprint_simulator::Generation;
use reqwest::Method;
use serde_json::json;

use crate::client::{DEVICES, ServedSimulator, answer};

const STATUS: &str = "/console/status/scan/";

/// All bytes that come back on a connection of our own until it closes.
async fn wire(instance: &ServedSimulator, path: &str) -> Vec<u8> {
    let address = instance.url().strip_prefix("http://").unwrap().to_owned();
    let request =
        format!("GET /api{path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n", instance.access);
    let read = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // A reset is a way to close, too.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

#[tokio::test]
async fn close_sends_not_one_byte() {
    let instance = ServedSimulator::of(Generation::Current).await;
    instance.fault("devices close");
    assert_eq!(wire(&instance, DEVICES).await, b"");
}

#[tokio::test]
async fn cut_sends_the_headers_and_half_of_the_body() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let whole = instance.get(DEVICES).await.text;
    instance.fault("devices cut");
    let bytes = wire(&instance, DEVICES).await;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
    assert_eq!(&bytes[end + 4..], &whole.as_bytes()[..whole.len() / 2]);

    let large = format!("{DEVICES}?pageSize=1000");
    instance.clear_faults();
    let whole = instance.get(&large).await.text;
    instance.fault("devices cut");
    assert!(wire(&instance, &large).await.ends_with(&whole.as_bytes()[whole.len() / 4..whole.len() / 2]));
}

#[tokio::test]
async fn a_star_also_strikes_requests_that_no_route_is_for() {
    let instance = ServedSimulator::of(Generation::Current).await;
    instance.fault("* status=503");
    assert_eq!(instance.get("/nothing/").await.status, 503);
}

#[tokio::test]
async fn cut_writes_are_done_and_closed_ones_are_not() {
    let instance = ServedSimulator::of(Generation::Legacy).await;
    let before = instance.state_fingerprint();
    let path = format!("/console/scanSurface/rescan/{}/", instance.known().active_scanner);
    instance.fault("rescan close count=1");
    instance.fault("rescan cut count=1");
    let closed = instance.request(Method::PATCH, &path).send().await;
    assert!(closed.is_err());
    assert_eq!(instance.state_fingerprint(), before);
    let cut = instance.request(Method::PATCH, &path).send().await.unwrap();
    assert!(cut.bytes().await.is_err());
    assert_ne!(instance.state_fingerprint(), before);
}

#[tokio::test]
async fn statuses_come_with_the_body_and_retry_after_asked_for() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let case = async |fault: &str| {
        instance.clear_faults();
        instance.fault(fault);
        let response = instance.request(Method::GET, DEVICES).send().await.unwrap();
        let header = response.headers().get("retry-after");
        let retry = header.map(|value| value.to_str().unwrap().to_owned());
        (crate::client::read(response).await, retry)
    };
    let (answer, retry) = case("devices status=503").await;
    assert_eq!((answer.status, answer.json), (503, json!({"detail": "Service Unavailable"})));
    assert_eq!(retry, None);
    let (answer, retry) = case("devices status=429 body=message retry-after=7").await;
    assert_eq!((answer.status, answer.json), (429, json!({"message": "Too Many Requests"})));
    assert_eq!(retry.as_deref(), Some("7"));
    let (answer, _) = case("devices status=400 body=fields").await;
    assert_eq!(answer.json, json!({"nonFieldErrors": ["Bad Request"]}));
    let (answer, _) = case("devices status=502 body=html").await;
    assert!(answer.text.starts_with("<!DOCTYPE html>"));
    let (answer, retry) = case("* status=500 body=empty retry-after=date:+5").await;
    assert_eq!((answer.status, answer.text.as_str()), (500, ""));
    let date = retry.unwrap();
    let parsed = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    let ahead = parsed.as_second() - jiff::Timestamp::now().as_second();
    assert!(date.ends_with("GMT") && (3..=5).contains(&ahead), "{date}");
}

#[tokio::test]
async fn delays_come_before_the_normal_answer() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let usual = instance.get(DEVICES).await.text;
    instance.fault("devices delay=60ms count=1");
    instance.fault("* delay=60ms count=1");
    let start = Instant::now();
    assert_eq!(instance.get(DEVICES).await.text, usual);
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn wrong_bodies_are_what_they_say() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let case = async |fault: &str| {
        instance.clear_faults();
        instance.fault(fault);
        let response = instance.request(Method::GET, STATUS).send().await.unwrap();
        assert_eq!(response.status(), 200, "{fault}");
        let media_type = response.headers().get("content-type").cloned();
        (media_type, response.bytes().await.unwrap())
    };
    let (_, broken) = case("scan-status broken").await;
    assert!(broken.starts_with(b"{"));
    assert!(serde_json::from_slice::<serde_json::Value>(&broken).is_err());
    let (media_type, html) = case("scan-status html").await;
    assert!(media_type.unwrap().to_str().unwrap().starts_with("text/html"));
    assert!(html.starts_with(b"<!DOCTYPE html>"));
    let (_, empty) = case("scan-status empty").await;
    assert!(empty.is_empty());
    let (_, foreign) = case("scan-status foreign").await;
    assert_eq!(&foreign[..], br#"{"status":"ok","service":"grafana"}"#);
    let (_, wrong) = case("scan-status wrong-encoding").await;
    assert!(std::str::from_utf8(&wrong).is_err());
    let (_, deep) = case("scan-status deep").await;
    assert_eq!(deep.len(), 200_000);
    assert!(deep[..100_000].iter().all(|byte| *byte == b'['));
}

#[tokio::test]
async fn giant_answers_have_the_size_asked_for_and_are_json() {
    let instance = ServedSimulator::of(Generation::Current).await;
    for bytes in [1_000_000, 66, 20, 0] {
        instance.clear_faults();
        instance.fault(&format!("scanners giant={bytes}B"));
        let answer = instance.get("/console/scanSurface/scanners/").await;
        assert_eq!(answer.text.len(), bytes);
        assert_eq!(answer.json.is_object(), bytes > 65, "{bytes}");
    }
}

#[tokio::test]
async fn redirects_point_where_they_were_told() {
    let instance = ServedSimulator::of(Generation::Current).await;
    instance.fault("devices redirect=http://192.0.2.1/login");
    let response = instance.request(Method::GET, DEVICES).send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://192.0.2.1/login");
}

#[tokio::test]
async fn token_expiry_ends_the_token_for_good() {
    let instance = ServedSimulator::of(Generation::Current).await;
    instance.fault("devices token-expiry count=1");
    assert_eq!(instance.get(DEVICES).await.json["code"], "token_not_valid");
    assert_eq!(instance.get(STATUS).await.status, 401);
    let renewed = json!({"refresh": instance.refresh});
    assert_eq!(instance.post("/auth/token/refresh/", renewed).await.status, 200);
}

#[tokio::test]
async fn faults_strike_their_route_page_and_count_only() {
    let instance = ServedSimulator::of(Generation::Current).await;
    let page = async |page: u32| instance.get(&format!("{DEVICES}?page={page}")).await.status;
    instance.fault("devices status=503 skip=1 count=2 page=2");
    let mut seen = Vec::new();
    for number in [1, 2, 1, 2, 3, 2, 2] {
        seen.push(page(number).await);
    }
    assert_eq!(seen, [200, 200, 200, 503, 200, 503, 200]);
    instance.fault("token status=500");
    assert_eq!(instance.get(STATUS).await.status, 200);
    assert_eq!(instance.post("/auth/token/", json!({})).await.status, 500);
    // Login and session share a path and are told apart by their method.
    instance.fault("login status=500");
    assert_eq!(instance.get("/common/auth/session/").await.status, 200);
    assert_eq!(instance.post("/common/auth/session/", json!({})).await.status, 500);
    instance.clear_faults();
    assert_eq!(answer(instance.request(Method::GET, DEVICES)).await.status, 200);
}
