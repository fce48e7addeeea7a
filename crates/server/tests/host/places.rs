//! The share of one key in the bodies under way and in the running calls.

use serde_json::{Value, json};
use soar_host::settings::HostSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestHost, answer, key_request};

/// A call with `key` whose body is announced as `length` bytes, of which `sent` are sent.
async fn unfinished(host: &TestHost, path: &str, key: &str, length: usize, sent: usize) -> TcpStream {
    let mut stream = TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nd3key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &b" ".repeat(sent)].concat()).await.unwrap();
    stream
}

/// Asks with `key`; status and answer.
async fn ask(host: &TestHost, key: &str) -> (u16, Value) {
    answer(host.bare("ShowNotes", json!({})).header("d3key", key)).await
}

/// Asks with `key` until the answer has that status; that answer.
async fn until(host: &TestHost, key: &str, status: u16) -> Value {
    loop {
        let (answered, body) = ask(host, key).await;
        if answered == status {
            return body;
        }
        tokio::task::yield_now().await;
    }
}

/// A call whose unfinished body fills the share of its key, so that a further call of the key is refused.
async fn filling(host: &TestHost, key: &str) -> TcpStream {
    loop {
        let held = unfinished(host, "/api/Command/ShowNotes", key, 9_999, 9_990).await;
        // A further call that came first has part of the share, and the body is refused.
        for _ in 0..100 {
            if ask(host, key).await.0 == 429 {
                return held;
            }
        }
    }
}

#[tokio::test]
async fn bodies_that_never_come_take_no_place_and_only_the_share_of_their_key() {
    let change = |settings: &mut HostSettings| {
        settings.calls_in_flight = 2;
        settings.calls_per_key = 3;
        settings.body_seconds = 600;
    };
    for host in TestHost::on_both_with(change).await {
        let other = host.issue(&key_request("other", "Admin")).await;
        let mut held = Vec::new();
        for path in ["/api/Command/ShowNotes", "/api/manage/v1/sites", "/VSOC/api/Command/ShowNotes"] {
            held.push(unfinished(&host, path, &host.key, 100, 1).await);
        }
        let refused = until(&host, &host.key, 429).await;
        assert!(refused["Error"].as_str().unwrap().contains("rate limits"), "{refused}");
        let reason = host.audit().await.pop().unwrap().reason;
        assert!(reason.contains("limit of calls or bytes of bodies under way is reached"), "{reason}");
        // Other keys find all places free.
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3key", &other)).await.0, 200);
        drop(held);
        until(&host, &host.key, 200).await;
    }
}

#[tokio::test]
async fn nothing_of_a_body_is_read_before_its_key_is_good() {
    for host in TestHost::on_both_with(|settings| settings.body_seconds = 600).await {
        for path in ["/api/Command/ShowNotes", "/api/manage/v1/sites", "/api/manage/v1/transfer/incidents"] {
            let mut stream = unfinished(&host, path, "d3k_0_1", 1_000_000, 1).await;
            let mut answered = [0; 12];
            stream.read_exact(&mut answered).await.unwrap();
            assert_eq!(&answered, b"HTTP/1.1 401", "{path}");
        }
    }
}

#[tokio::test]
async fn bodies_under_way_have_a_total_and_one_key_has_a_quarter_of_it() {
    let change = |settings: &mut HostSettings| {
        settings.body_bytes = 10_000;
        settings.received_bytes = 40_000;
        settings.body_seconds = 600;
    };
    for host in TestHost::on_both_with(change).await {
        let mut keys = Vec::new();
        for number in 0..6 {
            keys.push(host.issue(&key_request(&format!("key {number}"), "Admin")).await);
        }
        let mut held = vec![filling(&host, &keys[0]).await];
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3key", &keys[5])).await.0, 200);
        for key in &keys[1..4] {
            held.push(filling(&host, key).await);
        }
        let response = host.bare("ShowNotes", json!({})).header("d3key", &keys[5]).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().unwrap()));
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["Error"], "The host's limit of bytes that arrive at once is reached. Try again later.");
        held.pop();
        until(&host, &keys[5], 200).await;
    }
}

#[tokio::test]
async fn a_key_runs_no_more_calls_than_its_share() {
    for host in TestHost::on_both_with(|settings| settings.calls_per_key = 2).await {
        let other = host.issue(&key_request("other", "Admin")).await;
        let wait = |key: &str| {
            let call = host.bare("ListDevices", json!({ "Name": "a", "Mode": "wait" })).header("d3key", key);
            tokio::spawn(answer(call))
        };
        let held = [wait(&host.key), wait(&host.key)];
        host.gate.entered().await;
        host.gate.entered().await;
        let response = host.command("ShowNotes", json!({})).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"1".parse().unwrap()));
        assert_eq!(answer(host.bare("ShowNotes", json!({})).header("d3key", &other)).await.0, 200);
        for call in held {
            host.gate.let_one_go();
            assert_eq!(call.await.unwrap().0, 200);
        }
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
    }
}
