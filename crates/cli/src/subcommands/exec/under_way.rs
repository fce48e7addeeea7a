//! The requests under way, by id, so that they can be cancelled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use super::request::RequestId;

/// The requests under way. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct RequestsUnderWay(Arc<Mutex<HashMap<RequestId, oneshot::Sender<()>>>>);

impl RequestsUnderWay {
    /// Adds a request; `None` if one with this id is under way. The receiver gets the cancellation.
    pub(super) fn add(&self, id: &RequestId) -> Option<oneshot::Receiver<()>> {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.contains_key(id) {
            return None;
        }
        let (cancel, cancelled) = oneshot::channel();
        requests.insert(id.clone(), cancel);
        Some(cancelled)
    }

    /// Removes a request that has ended.
    pub(super) fn remove(&self, id: &RequestId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Cancels a request. Its id stays taken until it is answered. Returns false if it is not under way.
    pub(super) fn cancel(&self, id: &RequestId) -> bool {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(cancel) = requests.get_mut(id) else { return false };
        let (spent, _) = oneshot::channel();
        // A request that has just ended does not hear it.
        let _ = std::mem::replace(cancel, spent).send(());
        true
    }

    /// Whether no request is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Cancels all requests.
    pub(super) fn cancel_all(&self) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for cancel in requests.values_mut() {
            let (spent, _) = oneshot::channel();
            let _ = std::mem::replace(cancel, spent).send(());
        }
    }
}
