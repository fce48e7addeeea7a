//! Asks an http or https proxy for a connection to the server (CONNECT, RFC 9110 section 9.3.6).

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::error::ConnectError;
use crate::hop::Hop;

/// The User-Agent of requests to the instance and to proxies.
pub(in crate::session) const USER_AGENT: &str = concat!("coda-footprint/", env!("CARGO_PKG_VERSION"));

/// The longest head of a proxy's answer, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Has the proxy at the other end of `stream` connect it to `server`.
pub(super) async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    server: &Hop,
    authorization: Option<&HeaderValue>,
) -> Result<S, ConnectError> {
    let mut request =
        format!("CONNECT {server} HTTP/1.1\r\nHost: {server}\r\nUser-Agent: {USER_AGENT}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let broken = |error: std::io::Error| ConnectError::ProxyBroke(error.to_string());
    stream.write_all(&request).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    loop {
        let head = head(&mut stream).await?;
        match status(&head) {
            Some(100..=199) => {}
            // RFC 9110: any 2xx means that the tunnel is there.
            Some(200..=299) => return Ok(stream),
            Some(status) => return Err(ConnectError::ProxyStatus(status)),
            None => return Err(ConnectError::ProxyBroke("its answer is no HTTP".to_owned())),
        }
    }
}

/// The head of an answer, and not a byte more: what follows is the server's.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, ConnectError> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() == LONGEST_HEAD {
            return Err(ConnectError::ProxyBroke("its answer has no end".to_owned()));
        }
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            // A status line says enough, even where the proxy hangs up after it.
            Err(_) if head.contains(&b'\n') => break,
            Err(error) => return Err(ConnectError::ProxyBroke(error.to_string())),
        }
    }
    Ok(head)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let is_http = words.next()?.starts_with("HTTP/1.");
    let code = words.next().filter(|code| is_http && code.len() == 3)?;
    code.parse().ok().filter(|status| (100..=599).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer_is_read_and_nothing_else_is_one() {
        for (head, expected) in [
            ("HTTP/1.1 200 Connection established\r\n\r\n", Some(200)),
            ("HTTP/1.0 204\r\n\r\n", Some(204)),
            ("HTTP/1.1 407 Proxy Authentication Required\n\n", Some(407)),
            ("HTTP/1.1 2000 OK\r\n\r\n", None),
            ("HTTP/1.1 20\r\n\r\n", None),
            ("HTTP/1.1 999 X\r\n\r\n", None),
            ("SSH-2.0-OpenSSH_9.2\r\n", None),
            ("", None),
        ] {
            assert_eq!(status(head.as_bytes()), expected, "{head:?}");
        }
    }
}
