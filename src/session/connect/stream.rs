//! A connection that HTTP can be spoken on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::recording_verifier::Handshake;

/// TCP, or TLS on it, or TLS on a proxy's connection.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A connection to the server, perhaps through a proxy.
pub(in crate::session) struct ServerStream {
    pub(super) io: TokioIo<Box<dyn ByteStream>>,
    /// Whether a proxy forwards each request, and so needs the whole address in it.
    pub(super) is_forwarded: bool,
    pub(super) is_http2: bool,
    /// The TLS handshake with the server, where there was one.
    pub(super) handshake: Option<Handshake>,
}

impl Connection for ServerStream {
    fn connected(&self) -> Connected {
        let connected = Connected::new().proxy(self.is_forwarded);
        let connected = if self.is_http2 { connected.negotiated_h2() } else { connected };
        match &self.handshake {
            Some(handshake) => connected.extra(handshake.clone()),
            None => connected,
        }
    }
}

impl Read for ServerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for ServerStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
