//! Whose turn it is: logins first, then the tenants in turn (round robin), so that no tenant starves the others.

use std::collections::VecDeque;

use tokio::sync::oneshot;

/// Which queue a request waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum QueueKey {
    /// Logins go first: all other requests wait for their result.
    Login,
    /// The tenant that the caller asked for.
    Tenant(Option<i64>),
}

/// Waiting requests by queue, the queue whose turn it is first. No queue is empty. Each request waits for a `T`.
#[derive(Debug)]
pub(super) struct Turns<T>(VecDeque<(QueueKey, VecDeque<oneshot::Sender<T>>)>);

impl<T> Turns<T> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// A request begins to wait in `queue`.
    pub(super) fn join(&mut self, queue: QueueKey, sender: oneshot::Sender<T>) {
        match (self.0.iter_mut().find(|(waiting, _)| *waiting == queue), queue) {
            (Some((_, waiting)), _) => waiting.push_back(sender),
            (None, QueueKey::Login) => self.0.push_front((queue, VecDeque::from([sender]))),
            (None, QueueKey::Tenant(_)) => self.0.push_back((queue, VecDeque::from([sender]))),
        }
    }

    /// Sends all requests away.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Drops requests that no longer wait; returns whether any request still waits.
    pub(super) fn drop_cancelled(&mut self) -> bool {
        self.0.retain_mut(|(_, queue)| {
            while queue.front().is_some_and(oneshot::Sender::is_closed) {
                queue.pop_front();
            }
            !queue.is_empty()
        });
        !self.0.is_empty()
    }

    /// The next request of the queue whose turn it is. That queue then goes last, unless it is that of the logins.
    pub(super) fn next(&mut self) -> Option<oneshot::Sender<T>> {
        let (queue, mut waiting) = self.0.pop_front()?;
        let sender = waiting.pop_front()?;
        match (waiting.is_empty(), queue) {
            (true, _) => {}
            (false, QueueKey::Login) => self.0.push_front((queue, waiting)),
            (false, QueueKey::Tenant(_)) => self.0.push_back((queue, waiting)),
        }
        Some(sender)
    }
}
