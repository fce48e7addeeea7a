//! Records and logs failures of the database.

use std::sync::PoisonError;
use std::time::Instant;

use super::condition::{FAILING_LASTS, Failing};
use super::{Store, StoreError, Trouble};

impl Store {
    /// Records that `error` is a failure of the database, and logs it: each kind at once, then once a minute while it
    /// lasts, however many calls fail. Returns whether `error` is such a failure. If not, nothing is recorded.
    pub fn note(&self, error: &StoreError) -> bool {
        let Some(trouble) = error.trouble() else { return false };
        let now = Instant::now();
        let mut failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *failing {
            Some(known) => {
                if let Some(times) = known.again(trouble, now) {
                    let seconds = now.duration_since(known.since).as_secs();
                    tracing::error!(seconds, times, "The store still fails. {error}");
                }
            }
            None => {
                tracing::error!("{error}");
                *failing = Some(Failing::new(trouble, now));
            }
        }
        true
    }

    /// Records a successful write.
    pub fn note_written(&self) {
        let mut failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = failing.take_if(|failing| failing.last.elapsed() >= FAILING_LASTS) {
            tracing::warn!(seconds = failed.since.elapsed().as_secs(), "The store works again.");
        }
    }

    /// The failure that keeps the database from working. If the last error is older than the limit, the store is tried.
    pub async fn failing(&self) -> Option<Trouble> {
        let noted = || {
            let failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
            failing.as_ref().map(|failing| (failing.trouble, failing.last.elapsed() >= FAILING_LASTS))
        };
        if let (_, true) = noted()? {
            match self.write_something().await {
                Ok(()) => self.note_written(),
                Err(error) => drop(self.note(&error)),
            }
        }
        noted().map(|(trouble, _)| trouble)
    }

    async fn write_something(&self) -> Result<(), StoreError> {
        let mut transaction = self.transaction().await?;
        transaction.records().write_something().await?;
        transaction.commit().await
    }
}
