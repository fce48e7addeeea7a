//! The queue between handing out work and doing it.

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use crate::StoreError;
use crate::model::WorkItem;

/// Brings handed-out work to some process that does it.
///
/// A queue may bring an item twice and, when it crashes, not at all: what is due, whose it is and what came of it is in
/// the store, where an item is claimed once, and handed out again when nobody claims it.
#[async_trait]
pub trait WorkQueue: std::fmt::Debug + Send + Sync {
    /// Takes items, for any process.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be kept; they are handed out again later.
    async fn enqueue(&self, items: &[WorkItem]) -> Result<(), StoreError>;

    /// Brings items to this process until `taker` is closed.
    async fn serve(&self, taker: Sender<WorkItem>);
}
