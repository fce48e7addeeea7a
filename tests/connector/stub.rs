//! A server that answers what a test says, for replies that no Footprint gives.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// One canned answer.
#[derive(Debug, Clone)]
pub struct CannedReply {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl CannedReply {
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, content_type: "application/json", headers: Vec::new(), body: body.into() }
    }

    pub fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, ..Self::json(body) }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The login reply of an ordinary instance: a token that is no JWT.
pub fn logged_in() -> CannedReply {
    CannedReply::json(r#"{"access":"opaque-token","refresh":"opaque-refresh"}"#)
}

/// Serves `answer(method, path with query, head)` on a free port until the test ends; returns its address.
pub async fn serve(answer: impl Fn(&str, &str, &str) -> CannedReply + Send + Sync + 'static) -> String {
    serve_whole(move |method, path, request| {
        answer(method, path, request.split_once("\r\n\r\n").map_or(request, |(head, _)| head))
    })
    .await
}

/// The same with the whole request, head and body, as text.
pub async fn serve_whole(answer: impl Fn(&str, &str, &str) -> CannedReply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut received = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let Ok(count) = stream.read(&mut buffer).await else { return };
                    if count == 0 {
                        return;
                    }
                    received.extend_from_slice(&buffer[..count]);
                    let text = String::from_utf8_lossy(&received).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head
                        .lines()
                        .filter_map(|line| line.split_once(':'))
                        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                        .unwrap_or(0);
                    if body.len() >= length {
                        let mut words = head.split_whitespace();
                        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                        let reply = answer(method, path, &text);
                        let mut text = format!(
                            "HTTP/1.1 {} X\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n",
                            reply.status,
                            reply.content_type,
                            reply.body.len()
                        );
                        for (name, value) in &reply.headers {
                            text.push_str(&format!("{name}: {value}\r\n"));
                        }
                        text.push_str("\r\n");
                        let _ = stream.write_all(text.as_bytes()).await;
                        let _ = stream.write_all(&reply.body).await;
                        return;
                    }
                }
            });
        }
    });
    url
}

/// A server that logs everybody in and answers every other request with `reply`.
pub async fn serve_reply(reply: CannedReply) -> String {
    serve(move |_, path, _| if path.starts_with("/api/auth/token/") { logged_in() } else { reply.clone() }).await
}
