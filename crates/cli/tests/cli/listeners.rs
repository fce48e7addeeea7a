//! A mail server and a webhook receiver on this machine, which keep the messages that they get.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// The longest time for a message to arrive.
const TIMEOUT: Duration = Duration::from_secs(60);

pub struct Listener {
    pub port: u16,
    heard: Receiver<String>,
}

impl Listener {
    /// A mail server without TLS.
    pub fn smtp() -> Self {
        Self::start(speak_smtp)
    }

    /// Answers every request with 200.
    pub fn http() -> Self {
        Self::start(speak_http)
    }

    fn start(speak: fn(TcpStream, &Sender<String>)) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, (sender, heard)) = (socket.local_addr().unwrap().port(), channel());
        thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || speak(stream, &sender));
            }
        });
        Self { port, heard }
    }

    /// The next mail with its envelope, or the next request with its body.
    pub fn next(&self) -> String {
        self.heard.recv_timeout(TIMEOUT).expect("something was to arrive")
    }

    /// The environment of a process in which this is the proxy for everything.
    pub fn as_proxy(&self) -> Vec<(&'static str, String)> {
        let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        names.map(|name| (name, format!("http://127.0.0.1:{}", self.port))).into()
    }

    /// Whether no further message came.
    pub fn is_empty(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

fn speak_smtp(mut stream: TcpStream, heard: &Sender<String>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut said = String::new();
    let _ = stream.write_all(b"220 localhost ready\r\n");
    while let Some(Ok(line)) = lines.next() {
        let answer: &[u8] = match line.to_ascii_uppercase() {
            verb if verb.starts_with("DATA") => {
                let _ = stream.write_all(b"354 go on\r\n");
                for line in lines.by_ref().map_while(Result::ok).take_while(|line| line != ".") {
                    said.push_str(&format!("{line}\n"));
                }
                let _ = heard.send(std::mem::take(&mut said));
                b"250 taken\r\n"
            }
            verb if verb.starts_with("QUIT") => b"221 bye\r\n",
            _ => {
                said.push_str(&format!("{line}\n"));
                b"250 fine\r\n"
            }
        };
        if stream.write_all(answer).is_err() {
            return;
        }
    }
}

fn speak_http(mut stream: TcpStream, heard: &Sender<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let _ = heard.send(head + &String::from_utf8(body).unwrap());
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
}
