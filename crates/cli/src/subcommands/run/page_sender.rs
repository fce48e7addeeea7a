//! Passes pages from a command to the task that writes them.

use async_trait::async_trait;
use soar_connector::{ReplyPage, Sink, SinkError};
use tokio::sync::{mpsc, oneshot};

/// A page, and the channel on which the command learns whether it was written.
pub(super) struct SentPage {
    pub(super) page: ReplyPage,
    pub(super) written: oneshot::Sender<Result<(), SinkError>>,
}

/// A sink whose pages another task writes. The command waits for each page.
pub(super) struct PageSender(mpsc::Sender<SentPage>);

impl PageSender {
    pub(super) fn channel() -> (Self, mpsc::Receiver<SentPage>) {
        let (sender, receiver) = mpsc::channel(1);
        (Self(sender), receiver)
    }
}

#[async_trait]
impl Sink for PageSender {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let gone = || SinkError::Output(std::io::ErrorKind::BrokenPipe.into());
        let (written, heard) = oneshot::channel();
        self.0.send(SentPage { page, written }).await.map_err(|_| gone())?;
        heard.await.map_err(|_| gone())?
    }
}
