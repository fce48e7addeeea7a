//! Reads the rows of a findings source into the stage.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use soar_connector::{FindingReader, ReplyPage, RowReader, Sink, SinkError};
use soar_store::{StagedFinding, StagedSnapshot, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinError;

use super::compare::staged;

/// Pages that are read at once.
const PAGES_AHEAD: usize = 2;

/// The bytes of pages that are read, or wait to be written, while the command waits for its next page. A larger page is alone.
const BYTES_AHEAD: u32 = 4 * 1024 * 1024;

/// The sink of the command. Its pages go to [`Staging::fill`].
pub(super) struct PageSink {
    pages: mpsc::Sender<PageAhead>,
    room: Arc<Semaphore>,
}

/// A page, with its share of [`BYTES_AHEAD`].
struct PageAhead {
    page: ReplyPage,
    room: OwnedSemaphorePermit,
}

#[async_trait]
impl Sink for PageSink {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let ended = || SinkError::Output(io::Error::other("the store takes no more findings"));
        let bytes = u32::try_from(page.body().len()).unwrap_or(u32::MAX).min(BYTES_AHEAD);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.map_err(|_| ended())?;
        self.pages.send(PageAhead { page, room }).await.map_err(|_| ended())
    }
}

/// The rows of a snapshot on their way from the command to the stage.
///
/// A page is read on a thread of its own, so that reading, writing and the command's next request go on side by side.
pub(super) struct Staging {
    reader: Arc<FindingReader>,
    pages: mpsc::Receiver<PageAhead>,
}

/// What a command has listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Rows that are findings.
    pub(super) rows: i64,
    /// Rows that are not, and the problem of the first one.
    pub(super) unreadable: i64,
    pub(super) problem: Option<String>,
}

/// The rows of a page.
struct ReadPage {
    findings: Vec<StagedFinding>,
    unreadable: i64,
    problem: Option<String>,
    _room: OwnedSemaphorePermit,
}

impl Staging {
    /// The staging of rows that `reader` reads, and the sink of their command. The staging ends when the sink is dropped.
    pub(super) fn new(reader: FindingReader) -> (PageSink, Self) {
        let (sink, pages) = queue();
        (sink, Self { reader: Arc::new(reader), pages })
    }

    /// Writes the rows into the stage until the command has ended.
    ///
    /// # Errors
    /// [`StoreError::Database`]. The sink takes no further page then, so that the command ends.
    pub(super) async fn fill(self, stage: &mut StagedSnapshot) -> Result<Listing, StoreError> {
        let Self { reader, pages } = self;
        let pages = stream::unfold(pages, async |mut pages| Some((pages.recv().await?, pages)));
        let reading = pages.map(|page| {
            let reader = Arc::clone(&reader);
            tokio::task::spawn_blocking(move || read(&reader, page))
        });
        let mut reading = std::pin::pin!(reading.buffered(PAGES_AHEAD));
        let mut listing = Listing::default();
        while let Some(read) = reading.next().await {
            let page = match read.map_err(JoinError::try_into_panic) {
                Ok(page) => page,
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                // The process ends.
                Err(Err(_)) => std::future::pending().await,
            };
            listing.rows += i64::try_from(page.findings.len()).unwrap_or(i64::MAX);
            listing.unreadable += page.unreadable;
            listing.problem = listing.problem.or(page.problem);
            for finding in page.findings {
                stage.add(finding).await?;
            }
        }
        Ok(listing)
    }
}

fn queue() -> (PageSink, mpsc::Receiver<PageAhead>) {
    let (pages, receiver) = mpsc::channel(1);
    (PageSink { pages, room: Arc::new(Semaphore::new(BYTES_AHEAD as usize)) }, receiver)
}

fn read(reader: &FindingReader, PageAhead { page, room }: PageAhead) -> ReadPage {
    let mut read = ReadPage { findings: Vec::with_capacity(page.len()), unreadable: 0, problem: None, _room: room };
    for row in page.rows() {
        let finding = reader.read(row).map_err(|problem| problem.to_string());
        match finding.and_then(|(finding, key)| staged(finding, &key).map_err(|error| error.to_string())) {
            Ok(finding) => read.findings.push(finding),
            Err(problem) => {
                read.unreadable += 1;
                read.problem.get_or_insert(problem);
            }
        }
    }
    read
}

/// Hands the rows of a list to a function, one by one.
pub(super) struct RowSink<F>(pub(super) F);

#[async_trait]
impl<F: FnMut(&Value) + Send> Sink for RowSink<F> {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let reader = RowReader::whole();
        for row in page.rows() {
            (self.0)(&reader.read(row)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn page(bytes: usize) -> ReplyPage {
        ReplyPage::new("x".repeat(bytes), Vec::new())
    }

    async fn waits(sink: &mut PageSink, bytes: usize) -> bool {
        tokio::time::timeout(Duration::from_millis(20), sink.page(page(bytes))).await.is_err()
    }

    #[tokio::test]
    async fn pages_ahead_are_bounded_by_their_bytes_and_a_larger_page_is_alone() {
        let most = BYTES_AHEAD as usize;
        let (mut sink, mut pages) = queue();
        sink.page(page(most / 2)).await.unwrap();
        let half = pages.recv().await.unwrap();
        assert!(waits(&mut sink, most * 2).await, "a page larger than the room beside another one");
        drop(half);
        sink.page(page(most * 2)).await.unwrap();
        let whole = pages.recv().await.unwrap();
        assert!(waits(&mut sink, 1).await, "a page beside one that takes the room");
        drop(whole);
        sink.page(page(1)).await.unwrap();
        drop(pages);
        assert!(sink.page(page(1)).await.is_err(), "nothing takes the pages");
    }
}
