//! Shares the connections for reading between callers, so that no caller can take all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;

/// The places of the connections for reading.
#[derive(Debug)]
pub(super) struct ReadingPlaces {
    all: Arc<Semaphore>,
    /// The most places of one caller.
    share: usize,
    /// The places of each caller that holds one or waits for one.
    callers: Mutex<HashMap<String, Weak<Semaphore>>>,
    wait: Duration,
}

/// A taken place.
#[derive(Debug)]
pub(super) struct ReadingPlace {
    _all: OwnedSemaphorePermit,
    _own: Option<OwnedSemaphorePermit>,
}

impl ReadingPlaces {
    /// `places` places. One caller gets at most half of them.
    pub(super) fn new(places: u32, wait: Duration) -> Self {
        let places = places as usize;
        let share = places.div_ceil(2);
        Self { all: Arc::new(Semaphore::new(places)), share, callers: Mutex::default(), wait }
    }

    /// Waits for a place. A caller waits in its own queue first, so callers take turns in the common queue.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when no place is free in time; an error when the store is closed.
    pub(super) async fn take(&self, caller: Option<&str>) -> Result<ReadingPlace, StoreError> {
        let own = caller.map(|caller| self.of_caller(caller));
        let both = async {
            let own = match own {
                Some(own) => Some(own.acquire_owned().await.map_err(|_| StoreError::closed())?),
                None => None,
            };
            let all = Arc::clone(&self.all).acquire_owned().await.map_err(|_| StoreError::closed())?;
            Ok(ReadingPlace { _all: all, _own: own })
        };
        tokio::time::timeout(self.wait, both).await.unwrap_or_else(|_| {
            Err(StoreError::Busy("The store is busy with other readings, and no connection became free in time."))
        })
    }

    /// Waits until all places are free, and gives out none any more.
    pub(super) async fn close(&self, places: u32) {
        let all = self.all.acquire_many(places).await;
        self.all.close();
        drop(all);
    }

    fn of_caller(&self, caller: &str) -> Arc<Semaphore> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = callers.get(caller).and_then(Weak::upgrade) {
            return known;
        }
        callers.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(self.share));
        callers.insert(caller.to_owned(), Arc::downgrade(&places));
        places
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on can only end")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_caller_leaves_places_to_others() {
        let places = ReadingPlaces::new(4, Duration::from_millis(20));
        let held = [places.take(Some("a")).await.unwrap(), places.take(Some("a")).await.unwrap()];
        assert!(matches!(places.take(Some("a")).await, Err(StoreError::Busy(_))));
        let others = [places.take(Some("b")).await.unwrap(), places.take(None).await.unwrap()];
        assert!(matches!(places.take(Some("c")).await, Err(StoreError::Busy(_))));
        drop(held);
        places.take(Some("a")).await.unwrap();
        drop(others);
        places.close(4).await;
        assert!(matches!(places.take(None).await, Err(StoreError::Database(sqlx::Error::PoolClosed))));
    }
}
