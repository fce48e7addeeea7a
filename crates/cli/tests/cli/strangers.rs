//! Callers without a key who try to make a host hold memory and to keep callers with a key out.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::instance::{HostProcess, Instance};

/// How much memory they may make the host hold.
const MOST: u64 = 64 * 1024;

/// How many connections each attack opens, from how many addresses.
const CONNECTIONS: usize = 300;
const ADDRESSES: usize = 60;

/// A kibibyte figure of the process, such as `VmRSS`.
fn memory(served: &HostProcess, figure: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(figure)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Connects from one of many addresses of this machine.
async fn connect(served: &HostProcess, number: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let address = u8::try_from(number % ADDRESSES).unwrap();
    socket.bind(([127, 0, 1, 1 + address], 0).into())?;
    let host = served.url().trim_start_matches("http://").parse().unwrap();
    tokio::time::timeout(Duration::from_secs(20), socket.connect(host)).await?
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The beginning of a connection whose streams may be sent `window` bytes each.
fn preface(window: u32) -> Vec<u8> {
    let settings = [&[0, 4][..], &window.to_be_bytes()].concat();
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(4, 0, 0, &settings).as_slice()].concat()
}

/// A header whose value is `length` times x, in HPACK.
fn header(name: &str, length: usize) -> Vec<u8> {
    let mut written = [&[0, u8::try_from(name.len()).unwrap()][..], name.as_bytes(), &[127]].concat();
    let mut rest = length - 127;
    while rest >= 128 {
        written.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    written.push(u8::try_from(rest).unwrap());
    written.extend(vec![b'x'; length]);
    written
}

/// Forty calls by GET (or POST), each with a header of `filler` bytes, on streams that may be sent `window` bytes each.
fn calls(method: u8, path: &str, filler: usize, window: u32) -> Vec<u8> {
    let length = [u8::try_from(path.len()).unwrap()];
    let mut head = [&[method, 0x86, 4], &length[..], path.as_bytes(), b"\x01\x01x"].concat();
    if filler > 0 {
        head.extend(header("x-filler", filler));
    }
    let streams = (0..40).map(|number| frame(1, 5, 1 + 2 * number, &head));
    [preface(window), streams.collect::<Vec<_>>().concat()].concat()
}

/// The attacks: the name of each, and the bytes that each of its connections sends. The connections read nothing.
fn attacks() -> Vec<(&'static str, Vec<u8>)> {
    const GET: u8 = 0x82;
    const POST: u8 = 0x83;
    let bodies = "POST /api/tenant/v1/call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 4000001\r\n\r\n";
    vec![
        ("large answers in closed windows", calls(GET, "/docs/swagger-ui-bundle.js", 0, 0)),
        ("large answers in windows of one byte", calls(GET, "/docs/swagger-ui-bundle.js", 0, 1)),
        ("made answers in closed windows", calls(GET, "/openapi.json", 0, 0)),
        ("refused calls with large heads", calls(POST, "/api/Command/GetIncidents", 7_900, 0)),
        ("refused calls of the management", calls(GET, "/api/manage/v1/audit", 7_900, 0)),
        ("unknown addresses", calls(GET, &format!("/{}", "x".repeat(100)), 7_900, 0)),
        ("idle connections", preface(0)),
        ("unfinished heads", format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(370_000)).into_bytes()),
        ("unfinished heads of HTTP/2", [preface(0), frame(1, 0, 1, &header("x-filler", 16_000))].concat()),
        ("pings", [preface(0), frame(6, 0, 0, b"12345678").repeat(20_000)].concat()),
        ("messages of masters", [bodies.as_bytes(), &b"[".repeat(4_000_000)].concat()),
        ("large answers that are not read", b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100)),
    ]
}

/// Opens a connection and sends as much of `bytes` as the host takes; holds it.
async fn attack(served: &HostProcess, number: usize, bytes: &[u8]) -> Option<TcpStream> {
    let mut stream = connect(served, number).await.ok()?;
    let _ = tokio::time::timeout(Duration::from_millis(300), stream.write_all(bytes)).await;
    Some(stream)
}

fn get_incidents() -> Value {
    json!({
        "Username": "Admin",
        "Site": "Security Operations",
        "CommandParams": { "Start Time": "2000-01-01 00:00:00", "End Time": "2100-01-01 00:00:00" },
    })
}

/// Calls with a key on a new connection; how long the answer took.
async fn call_with_key(served: &HostProcess, key: &str) -> Duration {
    let begun = Instant::now();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    let url = format!("{}GetIncidents", served.ready["commands"].as_str().unwrap());
    let response = client.post(url).header("d3key", key).json(&get_incidents()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_without_a_key_make_the_host_hold_at_most_64_mib_and_keep_nobody_out() {
    let (instance, log) = tokio::task::spawn_blocking(|| {
        let instance = Instance::new();
        let log = instance.file("log", "");
        (instance, log)
    })
    .await
    .unwrap();
    // The test itself needs a file for each connection.
    let served = instance.serve_after("ulimit -Sn 256", &log);
    let key = instance.made["key"].as_str().unwrap();
    for _ in 0..40 {
        call_with_key(&served, key).await;
    }
    let clear = format!("/proc/{}/clear_refs", served.child.id());
    std::fs::write(clear, "5").expect("the peak of the process's memory can be reset");
    let before = memory(&served, "VmRSS");
    let mut slowest = Duration::ZERO;
    for (name, bytes) in attacks() {
        let opening = (0..CONNECTIONS).map(|number| attack(&served, number, &bytes));
        let (held, took) = tokio::join!(futures_util::future::join_all(opening), call_with_key(&served, key));
        slowest = slowest.max(took).max(call_with_key(&served, key).await);
        let peak = memory(&served, "VmHWM");
        println!("{name}: {} KiB more than before", peak.saturating_sub(before));
        assert!(peak <= before + MOST, "{name}: from {before} to {peak} KiB");
        drop(held);
    }
    println!("slowest call with a key: {slowest:?}");
    // One address opens more idle connections than it may have.
    let mut crowd = Vec::new();
    for _ in 0..2 {
        let idle = preface(0);
        crowd.extend(futures_util::future::join_all((0..40).map(|_| attack(&served, 0, &idle))).await);
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    drop(crowd);
    let log = std::fs::read_to_string(log).unwrap();
    for limit in ["http.connections-without-key", "http.connections-per-address"] {
        let told = log.lines().filter(|line| line.contains(limit)).count();
        // Once a minute, however often it was met.
        assert!((1..=3).contains(&told), "{limit} is told {told} times in {log}");
    }
    // An answer that is read arrives whole, also after all this.
    let mut stream = connect(&served, 0).await.unwrap();
    stream.write_all(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole).await.unwrap();
    assert!(whole.len() > 1_000_000 && whole.starts_with(b"HTTP/1.1 200"));
}
