//! A queue whose items a test takes out itself.

use async_trait::async_trait;
use soar_store::model::WorkItem;
use soar_store::{StoreError, WorkQueue};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, Sender};

/// A queue within this process: what it hands out it does itself.
#[derive(Debug)]
pub struct MemoryQueue {
    sender: mpsc::UnboundedSender<WorkItem>,
    receiver: Mutex<mpsc::UnboundedReceiver<WorkItem>>,
}

impl MemoryQueue {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: Mutex::new(receiver) }
    }

    /// The items that nobody was brought yet.
    pub async fn drain(&self) -> Vec<WorkItem> {
        let mut items = Vec::new();
        let mut receiver = self.receiver.lock().await;
        while let Ok(item) = receiver.try_recv() {
            items.push(item);
        }
        items
    }
}

impl Default for MemoryQueue {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl WorkQueue for MemoryQueue {
    async fn enqueue(&self, items: &[WorkItem]) -> Result<(), StoreError> {
        for item in items {
            // The receiver is this value's own: it is there.
            let _ = self.sender.send(*item);
        }
        Ok(())
    }

    async fn serve(&self, taker: Sender<WorkItem>) {
        let mut receiver = self.receiver.lock().await;
        loop {
            let item = tokio::select! {
                item = receiver.recv() => item,
                () = taker.closed() => return,
            };
            match item {
                Some(item) if taker.send(item).await.is_ok() => {}
                _ => return,
            }
        }
    }
}
