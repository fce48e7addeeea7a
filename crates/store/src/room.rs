//! The memory for answers: the limit of one answer, and of all together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;

/// The most bytes of all answers that are being made or sent.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// The bytes of one permit.
const PERMIT: usize = 1024;

/// The memory for answers of a process. A clone shares it.
#[derive(Debug, Clone)]
pub struct AnswerRoom(Arc<Semaphore>);

/// A part of the memory for answers. It becomes free when the last clone is dropped.
#[derive(Debug, Clone, Default)]
pub struct HeldRoom(Vec<Arc<OwnedSemaphorePermit>>);

impl Default for AnswerRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_BYTES / PERMIT)))
    }
}

impl AnswerRoom {
    /// Takes memory for `bytes`.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when that much is not free.
    pub fn take(&self, bytes: usize) -> Result<HeldRoom, StoreError> {
        let permits = u32::try_from(bytes.div_ceil(PERMIT)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.0).try_acquire_many_owned(permits);
        let permit = permit.map_err(|_| {
            StoreError::Busy("The host has no memory left for large answers, because it makes others now.")
        })?;
        Ok(HeldRoom(vec![Arc::new(permit)]))
    }
}

impl HeldRoom {
    /// Adds the memory that `other` holds.
    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// The memory that two answers hold does not make them different.
impl PartialEq for HeldRoom {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::MOST_ANSWER_BYTES;

    #[test]
    fn all_answers_together_have_a_bound() {
        let room = AnswerRoom::default();
        let mut held: Vec<_> = (0..4).map(|_| room.take(MOST_ANSWER_BYTES)).collect();
        assert!(held.iter().all(Result::is_ok));
        assert!(matches!(room.take(1), Err(StoreError::Busy(_))));
        held.pop();
        assert!(room.take(MOST_ANSWER_BYTES).is_ok());
    }
}
