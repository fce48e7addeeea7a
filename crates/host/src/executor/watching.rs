//! A watcher that gets the pages of a run as they arrive.

use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use async_trait::async_trait;
use soar_connector::{Collector, Progress, ReplyPage, Sink, SinkError};
use soar_store::model::RunId;
use soar_store::{AnswerRoom, HeldRoom};

/// The outcome has each page twice: as raw data and as rows of the table.
const COPIES: usize = 2;

/// A watcher of a run's pages. The executor keeps no more of the pages than the run history needs.
pub struct Watching {
    /// Takes the pages.
    pub sink: Box<dyn Sink + Sync>,
    /// Gets the progress of the run.
    pub progress: Progress,
    /// Gets the run's id in the history, once the run has a slot.
    pub run: Arc<OnceLock<RunId>>,
}

impl fmt::Debug for Watching {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watching").finish_non_exhaustive()
    }
}

/// A collector and a watcher that get the same pages.
pub(super) struct Tee {
    /// Missing once a watched run has more pages than the run history can store.
    pub(super) collector: Option<Collector>,
    /// The memory for answers, and the pages' share of it.
    pub(super) room: AnswerRoom,
    pub(super) held: HeldRoom,
    pub(super) watcher: Option<Box<dyn Sink + Sync>>,
}

#[async_trait]
impl Sink for Tee {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let Some(watcher) = &mut self.watcher else {
            let taken = self.room.take(page.body().len().saturating_mul(COPIES));
            self.held.add(taken.map_err(|error| SinkError::Output(io::Error::other(error)))?);
            return match &mut self.collector {
                Some(collector) => collector.page(page).await,
                None => Ok(()),
            };
        };
        if let Some(collector) = &mut self.collector
            && collector.page(page.clone()).await.is_err()
        {
            // The run history stores no outcome of this size.
            self.collector = None;
        }
        watcher.page(page).await
    }
}
