//! Connections that never say what they speak: until HTTP/1 or HTTP/2 is known, hyper waits without end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What a client begins with that speaks HTTP/2; hyper waits until it has seen something else, or all of it.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Accepts as `inner` does, and breaks off with who does not say within `timeout` which HTTP it speaks.
#[derive(Debug, Clone)]
pub(super) struct Prompt<A> {
    pub inner: A,
    pub timeout: Duration,
}

impl<A, I, S> Accept<I, S> for Prompt<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = PromptStream<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let (accepting, timeout) = (self.inner.accept(stream, service), self.timeout);
        let accepted = async move {
            let (stream, service) = accepting.await?;
            Ok((PromptStream { stream, open: Some((0, Box::pin(sleep(timeout)))) }, service))
        };
        accepted.boxed()
    }
}

/// A stream whose first bytes are waited for so long and no longer.
#[derive(Debug)]
pub(super) struct PromptStream<S> {
    stream: S,
    /// How much of the preface was read and nothing else, and until when more must come.
    open: Option<(usize, Pin<Box<Sleep>>)>,
}

impl<S: AsyncRead + Unpin> AsyncRead for PromptStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let Some((seen, deadline)) = &mut this.open else {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        };
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                let new = &buffer.filled()[before..];
                let expected = &PREFACE[*seen..];
                if new.len() < expected.len() && expected.starts_with(new) {
                    *seen += new.len();
                } else {
                    this.open = None;
                }
                Poll::Ready(read)
            }
            Poll::Pending => {
                ready!(deadline.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PromptStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
