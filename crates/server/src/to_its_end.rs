//! Carries work to its end, even if its caller goes away.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

/// The work panicked. The log has the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work panicked")]
pub struct Panicked;

/// The message of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or_default()
}

/// Does the work in the caller's own task, which takes less time than a task of its own. When the caller goes away,
/// the rest of the work becomes a task of the runtime in which this function was called. The log of a panic has `name`, such
/// as the request id of a call.
///
/// # Errors
/// [`Panicked`].
///
/// # Panics
/// Outside of a runtime.
pub fn to_its_end<W>(name: &str, work: W) -> impl Future<Output = Result<W::Output, Panicked>>
where
    W: Future<Output: Send> + Send + 'static,
{
    let name = name.to_owned();
    let work = AssertUnwindSafe(work).catch_unwind().map(move |ended| {
        ended.map_err(|panic| {
            tracing::error!(name, panic = message(panic.as_ref()), "a call panicked");
            Panicked
        })
    });
    ToItsEnd { work: Some(work.boxed()), runtime: Handle::current() }
}

struct ToItsEnd<O: Send + 'static> {
    /// `None` once the work has ended.
    work: Option<BoxFuture<'static, O>>,
    runtime: Handle,
}

impl<O: Send> Future for ToItsEnd<O> {
    type Output = O;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<O: Send + 'static> Drop for ToItsEnd<O> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_ends_with_and_without_its_caller() {
        assert_eq!(to_its_end("a test", async { 1 }).await, Ok(1));
        let (begin, begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let mut work = Box::pin(to_its_end("a test", async move {
            let given: i32 = begun.await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
            end.send(given).unwrap();
        }));
        assert_eq!(work.as_mut().now_or_never(), None);
        drop(work);
        begin.send(2).unwrap();
        assert_eq!(ended.await, Ok(2));
        // Work that the caller never waited for is done as well.
        let (end, ended) = oneshot::channel();
        drop(to_its_end("a test", async move { end.send(3).unwrap() }));
        assert_eq!(ended.await, Ok(3));
    }

    #[test]
    fn a_panic_has_its_message() {
        let panic = |text: Box<dyn Any + Send>| message(text.as_ref()).to_owned();
        assert_eq!(panic(Box::new("fixed")), "fixed");
        assert_eq!(panic(Box::new("made".to_owned())), "made");
        assert_eq!(panic(Box::new(1)), "");
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_is_not_done_again() {
        let (end, ended) = oneshot::channel::<()>();
        let work = to_its_end("a test", async move {
            let _end = end;
            assert_eq!(1, 2, "no such number");
        });
        assert_eq!(work.await, Err(Panicked));
        ended.await.unwrap_err();
    }
}
