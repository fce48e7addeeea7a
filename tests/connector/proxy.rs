//! Proxies for tests: HTTP (forward and CONNECT) and SOCKS5, which remember what they were asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The requests that a proxy received: a head, or a SOCKS request in words.
#[derive(Debug, Clone, Default)]
pub struct SeenByProxy(Arc<Mutex<Vec<String>>>);

impl SeenByProxy {
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
}

/// Where a proxy listens, without a scheme, and what it sees.
pub async fn http_proxy() -> (String, SeenByProxy) {
    http_proxy_that_accepts_with("200 OK").await
}

/// The same, which answers a CONNECT that succeeds with this status.
pub async fn http_proxy_that_accepts_with(status: &'static str) -> (String, SeenByProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = SeenByProxy::default();
    let notes = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_http(stream, status, notes.clone()));
        }
    });
    (address, seen)
}

/// A proxy that answers everything with `answer` and hangs up.
pub async fn proxy_that_answers(answer: impl Into<Vec<u8>>) -> (String, SeenByProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (seen, answer) = (SeenByProxy::default(), answer.into());
    let notes = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let count = client.read(&mut buffer).await.unwrap_or(0);
            notes.note(String::from_utf8_lossy(&buffer[..count]).into_owned());
            let _ = client.write_all(&answer).await;
        }
    });
    (address, seen)
}

async fn serve_http(mut client: TcpStream, accepts_with: &str, seen: SeenByProxy) -> Option<()> {
    let mut received = Vec::new();
    let end = loop {
        let mut buffer = [0; 4096];
        let count = client.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&buffer[..count]);
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    seen.note(head.clone());
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?, words.next()?);
    if method == "CONNECT" {
        let mut server = TcpStream::connect(target).await.ok()?;
        client.write_all(format!("HTTP/1.1 {accepts_with}\r\n\r\n").as_bytes()).await.ok()?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    } else {
        let host = target.strip_prefix("http://")?.split('/').next()?;
        let mut server = TcpStream::connect(host).await.ok()?;
        let passed_on: Vec<_> = head
            .trim_end()
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("proxy-authorization:"))
            .collect();
        server.write_all(format!("{}\r\n\r\n", passed_on.join("\r\n")).as_bytes()).await.ok()?;
        server.write_all(&received[end..]).await.ok()?;
        tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    }
    Some(())
}

/// A SOCKS5 proxy that takes only `user` with `password`, if they are given.
pub async fn socks_proxy(login: Option<(&'static str, &'static str)>) -> (String, SeenByProxy) {
    socks_proxy_that_answers(login, 0).await
}

/// The same, which answers each request with this code: 0 makes the connection.
pub async fn socks_proxy_that_answers(login: Option<(&'static str, &'static str)>, code: u8) -> (String, SeenByProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = SeenByProxy::default();
    let notes = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve_socks(stream, login, code, notes.clone()));
        }
    });
    (address, seen)
}

async fn counted(client: &mut TcpStream) -> Option<String> {
    let length = client.read_u8().await.ok()?;
    let mut bytes = vec![0; usize::from(length)];
    client.read_exact(&mut bytes).await.ok()?;
    String::from_utf8(bytes).ok()
}

async fn serve_socks(mut client: TcpStream, login: Option<(&str, &str)>, code: u8, seen: SeenByProxy) -> Option<()> {
    assert_eq!(client.read_u8().await.ok()?, 5, "SOCKS version");
    let offered = counted(&mut client).await?;
    let wanted = if login.is_some() { 2 } else { 0 };
    if !offered.as_bytes().contains(&wanted) {
        seen.note("no acceptable method".to_owned());
        client.write_all(&[5, 0xff]).await.ok()?;
        return None;
    }
    client.write_all(&[5, wanted]).await.ok()?;
    if let Some((user, password)) = login {
        client.read_u8().await.ok()?;
        let given = (counted(&mut client).await?, counted(&mut client).await?);
        let good = (given.0.as_str(), given.1.as_str()) == (user, password);
        client.write_all(&[1, u8::from(!good)]).await.ok()?;
        if !good {
            seen.note(format!("refused {}:{}", given.0, given.1));
            return None;
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(client.read_u32().await.ok()?).to_string(),
        3 => counted(&mut client).await?,
        4 => std::net::Ipv6Addr::from(client.read_u128().await.ok()?).to_string(),
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    seen.note(format!("{host}:{port}"));
    if code != 0 {
        client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
        return None;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

/// `others` and the settings of a proxy whose address is written with user name and password in it.
pub fn through<'a>(address: &'a str, others: &[(&'static str, &'a str)]) -> Vec<(&'static str, &'a str)> {
    let (_, rest) = address.split_once("://").unwrap();
    let mut settings = others.to_vec();
    match rest.rsplit_once('@') {
        None => settings.push(("Proxy", address)),
        Some((user, host)) => {
            let (name, password) = user.split_once(':').unwrap();
            // The address without its user, which tests may leak: a setting lives as long as its test.
            let scheme = &address[..address.len() - rest.len()];
            settings.push(("Proxy", Box::leak(format!("{scheme}{host}").into_boxed_str())));
            settings.extend([("Proxy User Name", name), ("Proxy Password", password)]);
        }
    }
    settings
}
