//! The limits of connections, of idle times and of unread answers.

use std::time::Duration;

use serde_json::json;
use soar_host::settings::HostSettings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestHost, answer};

/// The timeout of a test for an expected event.
const TIMEOUT: Duration = Duration::from_secs(60);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The beginning of an HTTP/2 connection with a window of `window` bytes per stream.
fn preface(window: u32) -> Vec<u8> {
    let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(SETTINGS, 0, 0, &settings).as_slice()].concat()
}

/// Asks for `path` by GET, with END_HEADERS and END_STREAM.
fn get(stream: u32, path: &str) -> Vec<u8> {
    let length = [u8::try_from(path.len()).unwrap()];
    frame(HEADERS, 5, stream, &[b"\x82\x86\x04", &length[..], path.as_bytes(), b"\x01\x01x"].concat())
}

async fn connect(host: &TestHost) -> TcpStream {
    TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap()
}

/// Connects and sends `bytes`.
async fn sent(host: &TestHost, bytes: &[u8]) -> TcpStream {
    let mut stream = connect(host).await;
    stream.write_all(bytes).await.unwrap();
    stream
}

/// The bytes that arrive until the host closes the connection.
async fn until_ended(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // The connection is over, by a reset or an orderly end.
    let _ = tokio::time::timeout(TIMEOUT, stream.read_to_end(&mut said)).await.expect("the host ends it");
    said
}

/// The kinds of the frames.
fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, rest @ ..] = bytes {
        kinds.push(*kind);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        bytes = rest.get(5 + length..).unwrap_or_default();
    }
    kinds
}

/// The head and body of an answer on a connection that stays open.
async fn one_answer(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&said).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.unwrap().parse::<usize>().unwrap() {
                return text;
            }
        }
        let read = tokio::time::timeout(TIMEOUT, stream.read_buf(&mut said)).await.expect("an answer");
        assert!(read.unwrap() > 0, "the connection ended after {text:?}");
    }
}

fn call(host: &TestHost, key: &str) -> Vec<u8> {
    let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} }).to_string();
    let length = body.len();
    format!(
        "POST /api/Command/ShowNotes HTTP/1.1\r\nHost: {}\r\nd3key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}",
        host.url
    )
    .into_bytes()
}

fn few_without_key(settings: &mut HostSettings) {
    settings.http.connections_without_key = 4;
    settings.http.connections_per_address = 4;
}

#[tokio::test]
async fn idle_connections_without_a_key_make_room_for_new_ones_and_those_with_a_key_stay() {
    for host in TestHost::on_both_with(few_without_key).await {
        let mut with_key = sent(&host, &call(&host, &host.key)).await;
        assert!(one_answer(&mut with_key).await.starts_with("HTTP/1.1 200"));
        let mut idle = Vec::new();
        for number in 0..40 {
            let silent = [Vec::new(), b"POST /api/Command/A HTTP/1.1\r\nHost".to_vec(), preface(0)];
            idle.push(sent(&host, &silent[number % 3]).await);
            assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        }
        for stream in &mut idle[..30] {
            until_ended(stream).await;
        }
        with_key.write_all(&call(&host, &host.key)).await.unwrap();
        assert!(one_answer(&mut with_key).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_bad_key_does_not_keep_a_connection() {
    for host in TestHost::on_both_with(few_without_key).await {
        let mut refused = sent(&host, &call(&host, "d3k_0_1")).await;
        assert!(one_answer(&mut refused).await.starts_with("HTTP/1.1 401"));
        let mut newer = Vec::new();
        for _ in 0..8 {
            newer.push(connect(&host).await);
        }
        assert!(until_ended(&mut refused).await.is_empty());
    }
}

#[tokio::test]
async fn a_trusted_proxy_has_as_many_connections_as_all_callers_together() {
    let change = |settings: &mut HostSettings| {
        settings.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.http.connections_per_address = 2;
    };
    for host in TestHost::on_both_with(change).await {
        let mut all = Vec::new();
        for _ in 0..30 {
            all.push(sent(&host, b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await);
        }
        for stream in &mut all {
            stream.write_all(b"\r\n").await.unwrap();
            assert!(one_answer(stream).await.starts_with("HTTP/1.1 200"));
        }
    }
}

#[tokio::test]
async fn a_connection_with_a_key_may_be_idle_for_longer_than_one_without() {
    for host in TestHost::on_both_with(|settings| settings.head_seconds = 1).await {
        let mut with_key = sent(&host, &call(&host, &host.key)).await;
        assert!(one_answer(&mut with_key).await.starts_with("HTTP/1.1 200"));
        // Opened later, and closed because it is idle.
        let mut pinging = sent(&host, &preface(0)).await;
        let said = until_ended(&mut pinging).await;
        assert!(!kinds(&said).contains(&DATA), "{said:?}");
        with_key.write_all(&call(&host, &host.key)).await.unwrap();
        assert!(one_answer(&mut with_key).await.starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn an_idle_connection_of_http_2_is_told_to_end() {
    for host in TestHost::on_both_with(|settings| settings.head_seconds = 1).await {
        let mut stream = sent(&host, &[preface(65_535), get(1, "/healthz")].concat()).await;
        let kinds = kinds(&until_ended(&mut stream).await);
        assert!(kinds.contains(&DATA) && kinds.contains(&GOAWAY), "{kinds:?}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_its_connection() {
    for host in TestHost::on_both_with(|settings| settings.http.answer_seconds = 1).await {
        // HTTP/2: the window is closed, or one byte wide, and the connection is read from all the time.
        for window in [0, 1] {
            let asks = [get(1, "/docs/swagger-ui-bundle.js"), get(3, "/openapi.json"), get(5, "/nothing")].concat();
            let mut stream = sent(&host, &[preface(window), asks].concat()).await;
            let kinds = kinds(&until_ended(&mut stream).await);
            assert_eq!(kinds.iter().filter(|kind| **kind == HEADERS).count(), 3, "{kinds:?}");
            assert_eq!(kinds.contains(&DATA), window > 0, "{kinds:?}");
        }
        // HTTP/1: more unread answers than the system buffers.
        let ask = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(40);
        let mut stream = sent(&host, ask.as_bytes()).await;
        let cut = async {
            while stream.write_all(b"GET /").await.is_ok() {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(TIMEOUT, cut).await.expect("the host cuts it");
    }
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_arrives_whole() {
    for host in TestHost::on_both_with(|settings| settings.http.answer_seconds = 2).await {
        let mut response = host.client.get(format!("{}/docs/swagger-ui-bundle.js", host.url)).send().await.unwrap();
        let announced = response.content_length().unwrap();
        let mut received = 0;
        while let Some(chunk) = response.chunk().await.unwrap() {
            received += chunk.len() as u64;
            tokio::task::yield_now().await;
        }
        assert_eq!(received, announced);
    }
}

#[tokio::test]
async fn more_streams_than_may_be_are_refused_and_the_connection_goes_on() {
    for host in TestHost::on_both_with(|settings| settings.http.streams_per_connection = 2).await {
        let asks: Vec<u8> = (0..5).flat_map(|number| get(1 + 2 * number, "/docs/swagger-ui.css")).collect();
        let mut stream = sent(&host, &[preface(0), asks].concat()).await;
        let mut said = Vec::new();
        let answered = async {
            loop {
                let kinds = kinds(&said);
                let count = |kind| kinds.iter().filter(|one| **one == kind).count();
                assert!(count(HEADERS) <= 2 && count(RST_STREAM) <= 3, "{kinds:?}");
                if (count(HEADERS), count(RST_STREAM)) == (2, 3) {
                    return;
                }
                assert!(stream.read_buf(&mut said).await.unwrap() > 0, "{kinds:?}");
            }
        };
        tokio::time::timeout(TIMEOUT, answered).await.expect("two answers and three refusals");
    }
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_idle_connections_and_answers_that_nobody_reads() {
    let change = |settings: &mut HostSettings| {
        settings.shutdown_seconds = 600;
        settings.http.answer_seconds = 1;
    };
    for mut host in TestHost::on_both_with(change).await {
        let _idle = sent(&host, &preface(0)).await;
        let _half = sent(&host, b"GET / HTTP/1.1\r\n").await;
        let _unread = sent(&host, &[preface(0), get(1, "/openapi.json")].concat()).await;
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
        let running = host.running.take().unwrap();
        tokio::time::timeout(TIMEOUT, running.shutdown()).await.expect("it ends soon").unwrap();
    }
}

#[test]
fn settings_of_connections_are_checked() {
    for (text, expected) in [
        ("connections = 1", "http.connections: expected 2 to 100000"),
        ("connections-without-key = 0", "http.connections-without-key"),
        ("connections = 64\nconnections-without-key = 64", "less than http.connections"),
        ("connections-per-address = 97", "at most http.connections-without-key"),
        ("streams-per-connection = 0", "http.streams-per-connection: expected 1 to 1000"),
        ("head-bytes = 8191", "http.head-bytes: expected 8192 to 1048576"),
        ("answer-seconds = 0", "http.answer-seconds"),
        ("colour = 1", "unknown field `colour`"),
    ] {
        let error = HostSettings::from_toml(&format!("[http]\n{text}")).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    for (text, expected) in
        [("calls-per-key = 0", "calls-per-key"), ("received-bytes = 4194303", "at least body-bytes")]
    {
        let error = HostSettings::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[tokio::test]
async fn an_answer_before_the_body_was_read_keeps_the_connection_or_says_that_it_ends() {
    let host = TestHost::on_both().await.remove(0);
    let refused = call(&host, "d3k_wrong");
    let at = refused.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = refused.split_at(at);
    // The body comes a little later than the head, as many clients send it.
    let mut stream = sent(&host, head).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(body).await.unwrap();
    let said = one_answer(&mut stream).await;
    assert!(said.starts_with("HTTP/1.1 401") && !said.contains("connection: close"), "{said}");
    stream.write_all(&call(&host, &host.key)).await.unwrap();
    assert!(one_answer(&mut stream).await.starts_with("HTTP/1.1 200"), "the connection goes on");
    // The body does not come, is not asked for, or is too large to be waited for.
    let head = String::from_utf8(head.to_vec()).unwrap();
    let expecting = head.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let large = format!("{}Content-Length: 70000\r\n\r\n", head.split("Content-Length").next().unwrap());
    for head in [head, expecting, large] {
        let mut stream = sent(&host, head.as_bytes()).await;
        let said = String::from_utf8(until_ended(&mut stream).await).unwrap();
        assert!(said.starts_with("HTTP/1.1 401") && said.contains("connection: close\r\n"), "{head}: {said}");
    }
}
