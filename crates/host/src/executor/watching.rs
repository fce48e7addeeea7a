//! Somebody who sees the pages of a run as they arrive.

use std::{fmt, io};

use async_trait::async_trait;
use soar_connector::{Collector, Page, Progress, Sink, SinkError};
use soar_store::{AnswerRoom, HeldRoom};

/// A page is kept as it came, and as rows of the table.
const COPIES: usize = 2;

/// Where the pages of a run go beside its outcome.
pub struct Watching {
    /// Takes the pages.
    pub sink: Box<dyn Sink + Sync>,
    /// Hears how far the run has come.
    pub progress: Progress,
}

impl fmt::Debug for Watching {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watching").finish_non_exhaustive()
    }
}

/// A collector, and whoever sees the pages beside it.
pub(super) struct Tee {
    pub(super) collector: Collector,
    /// The memory for answers, and what the pages take of it.
    pub(super) room: AnswerRoom,
    pub(super) held: HeldRoom,
    pub(super) watcher: Option<Box<dyn Sink + Sync>>,
}

#[async_trait]
impl Sink for Tee {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        let taken = self.room.take(page.body().len().saturating_mul(COPIES));
        self.held.add(taken.map_err(|error| SinkError::Output(io::Error::other(error)))?);
        match &mut self.watcher {
            None => self.collector.page(page).await,
            Some(watcher) => {
                self.collector.page(page.clone()).await?;
                watcher.page(page).await
            }
        }
    }
}
