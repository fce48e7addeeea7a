//! Carries work to its end, even if its caller goes away.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// The work panicked. `Display` is the panic's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Panicked(String);

impl Panicked {
    pub(crate) fn of(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        Self(text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default())
    }
}

/// Does the work in the caller's own task, which takes less time than a task of its own. When the caller goes away,
/// the rest of the work becomes a task of its own.
///
/// # Errors
/// [`Panicked`].
pub fn to_its_end<W>(work: W) -> impl Future<Output = Result<W::Output, Panicked>>
where
    W: Future<Output: Send> + Send + 'static,
{
    ToItsEnd(Some(Box::pin(work)))
}

/// `None` once the work has ended.
struct ToItsEnd<W: Future<Output: Send> + Send + 'static>(Option<Pin<Box<W>>>);

impl<W: Future<Output: Send> + Send + 'static> Future for ToItsEnd<W> {
    type Output = Result<W::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {
                self.0 = Some(work);
                Poll::Pending
            }
            Err(panic) => Poll::Ready(Err(Panicked::of(panic.as_ref()))),
        }
    }
}

impl<W: Future<Output: Send> + Send + 'static> Drop for ToItsEnd<W> {
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
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
        assert_eq!(to_its_end(async { 1 }).await, Ok(1));
        let (begin, begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let mut work = Box::pin(to_its_end(async move {
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
        drop(to_its_end(async move { end.send(3).unwrap() }));
        assert_eq!(ended.await, Ok(3));
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_is_not_done_again() {
        let (end, ended) = oneshot::channel::<()>();
        let work = to_its_end(async move {
            let _end = end;
            assert_eq!(1, 2, "no such number");
        });
        assert!(work.await.unwrap_err().to_string().contains("no such number"));
        ended.await.unwrap_err();
    }
}
