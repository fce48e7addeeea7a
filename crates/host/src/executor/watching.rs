//! Somebody who sees the pages of a run as they arrive.

use std::fmt;

use async_trait::async_trait;
use soar_connector::{Collector, Page, Progress, Sink, SinkError};

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
    pub(super) watcher: Option<Box<dyn Sink + Sync>>,
}

#[async_trait]
impl Sink for Tee {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        match &mut self.watcher {
            None => self.collector.page(page).await,
            Some(watcher) => {
                self.collector.page(page.clone()).await?;
                watcher.page(page).await
            }
        }
    }
}
