//! Callers that send nothing, send too much, or go away in the middle of a call. `command_api` tests slow callers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestHost, answer};

async fn connect(host: &TestHost) -> TcpStream {
    TcpStream::connect(host.url.trim_start_matches("http://")).await.unwrap()
}

/// The host's answer to `bytes` until it closes the connection.
async fn told(host: &TestHost, bytes: &[u8]) -> String {
    let mut stream = connect(host).await;
    stream.write_all(bytes).await.unwrap();
    until_closed(stream).await
}

async fn until_closed(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // The connection is over, by a reset or an orderly end.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

fn head(host: &TestHost, more: &str) -> String {
    format!(
        "POST /VSOC/api/Command/ShowNotes HTTP/1.1\r\nHost: x\r\nd3key: {}\r\nContent-Type: application/json\r\n{more}\r\n",
        host.key
    )
}

#[tokio::test]
async fn connections_that_say_nothing_or_half_of_something_are_ended_and_keep_nobody_else_out() {
    let change = |settings: &mut soar_host::settings::HostSettings| {
        settings.head_seconds = 1;
        settings.http.connections_without_key = 200;
        settings.http.connections_per_address = 200;
    };
    for host in TestHost::on_both_with(change).await {
        let beginnings: [&[u8]; 6] = [
            b"",
            b"P",
            b"PRI * HTTP/2.0\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"POST /VSOC/api/Command/ShowNotes HTTP/1.1\r\nHost: x\r\n",
            // A whole call, and never another one.
            b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        ];
        let many = (0..120).map(|number| told(&host, beginnings[number % beginnings.len()]));
        let others = async {
            for _ in 0..20 {
                assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
            }
        };
        let (all, ()) = tokio::join!(futures_util::future::join_all(many), others);
        assert_eq!(all.iter().filter(|said| said.starts_with("HTTP/1.1 200")).count(), 20);
    }
}

#[tokio::test]
async fn a_command_may_take_longer_than_a_head() {
    for host in TestHost::on_both_with(|settings| settings.head_seconds = 1).await {
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": { "Name": "a", "Mode": "wait" } });
        let body = body.to_string();
        let call = head(&host, &format!("Connection: close\r\nContent-Length: {}\r\n", body.len()));
        let call = call.replace("ShowNotes", "ListDevices") + &body;
        let waiting = told(&host, call.as_bytes());
        let gate = async {
            host.gate.entered().await;
            // Until another one's head has run out, which began later.
            told(&host, b"").await;
            host.gate.let_one_go();
        };
        let (said, ()) = tokio::join!(waiting, gate);
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    }
}

#[tokio::test]
async fn a_body_that_is_announced_or_comes_too_long_is_refused_before_it_is_there() {
    for host in TestHost::on_both_with(|settings| settings.body_bytes = 64 * 1024).await {
        let said = told(&host, (head(&host, "Content-Length: 10737418240\r\n") + "{").as_bytes()).await;
        assert!(said.starts_with("HTTP/1.1 413 ") && said.contains("longer than 65536 bytes"), "{said}");
        let mut endless = connect(&host).await;
        endless.write_all(head(&host, "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
        let (mut answers, mut chunks) = endless.into_split();
        let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
        // Until the host closes the connection.
        let sending = async { while chunks.write_all(chunk.as_bytes()).await.is_ok() {} };
        let hearing = async {
            let mut said = [0; 12];
            answers.read_exact(&mut said).await.unwrap();
            assert_eq!(&said, b"HTTP/1.1 413");
        };
        tokio::join!(sending, hearing);
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    for host in TestHost::on_both().await {
        for large in [format!("X: {}\r\n", "a".repeat(1_000_000)), "X: a\r\n".repeat(5000)] {
            let mut stream = connect(&host).await;
            // The host may close the connection before everything is sent.
            let _ = stream.write_all(head(&host, &large).as_bytes()).await;
            let said = until_closed(stream).await;
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
        }
        assert_eq!(answer(host.command("ShowNotes", json!({}))).await.0, 200);
    }
}

#[tokio::test]
async fn calls_that_do_not_wait_for_their_answers_are_answered_in_their_order() {
    for host in TestHost::on_both().await {
        let call = |name: usize, more: &str| {
            let parameters = json!({ "Name": format!("Note {name}") });
            let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": parameters });
            let body = body.to_string();
            let head = head(&host, &format!("{more}Content-Length: {}\r\n", body.len()));
            head.replace("ShowNotes", "MakeNote") + &body
        };
        let all: String =
            (0..30).map(|name| call(name, if name == 29 { "Connection: close\r\n" } else { "" })).collect();
        let said = told(&host, all.as_bytes()).await;
        let made = said.split("HTTP/1.1 200 OK").skip(1).map(|part| {
            let body: Value = serde_json::from_str(part.split("\r\n\r\n").nth(1).unwrap()).unwrap();
            body["contextData"][0]["Name"].as_str().unwrap().to_owned()
        });
        assert!(made.eq((0..30).map(|name| format!("Note {name}"))), "{said}");
    }
}

#[tokio::test]
async fn callers_who_go_away_in_the_middle_of_their_answers_leave_nothing_behind() {
    for host in TestHost::on_both_with(|settings| settings.calls_in_flight = 4).await {
        let body = json!({ "Username": "Admin", "Site": "Security Operations", "CommandParams": {} }).to_string();
        let call = head(&host, &format!("Content-Length: {}\r\n", body.len())) + &body;
        for _ in 0..40 {
            let mut stream = connect(&host).await;
            stream.write_all(call.repeat(20).as_bytes()).await.unwrap();
            let mut first = [0; 1];
            stream.read_exact(&mut first).await.unwrap();
            // With answers unread, the connection is reset.
            drop(stream);
        }
        // No place among those that may run at once is lost; the last ones are free when their calls have ended.
        let begun = Instant::now();
        let mut calls = Vec::new();
        while calls.len() < 4 {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} places are lost", 4 - calls.len());
            let call = host.command("ListDevices", json!({ "Name": "a", "Mode": "wait" }));
            let mut call = tokio::spawn(answer(call));
            tokio::select! {
                () = host.gate.entered() => calls.push(call),
                early = &mut call => assert_eq!(early.unwrap().0, 503),
            }
        }
        (0..4).for_each(|_| host.gate.let_one_go());
        for call in calls {
            assert_eq!(call.await.unwrap().0, 200);
        }
    }
}
