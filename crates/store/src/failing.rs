//! Notes and logs failures of the database.

use std::sync::PoisonError;
use std::time::Instant;

use super::condition::{FAILING_LASTS, Failing};
use super::{Store, StoreError, Trouble};

impl Store {
    /// Notes that the database kept something from being done, and tells the log: each kind at
    /// once, and while it lasts once a minute, however many calls it fails. Whether `error` is of that kind; if not, nothing is noted.
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

    /// Notes that something was written.
    pub fn note_written(&self) {
        let mut failing = self.condition.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = failing.take_if(|failing| failing.last.elapsed() >= FAILING_LASTS) {
            tracing::warn!(seconds = failed.since.elapsed().as_secs(), "The store works again.");
        }
    }

    /// What keeps the database from working; where that was noted a while ago, it is tried whether it still does.
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
