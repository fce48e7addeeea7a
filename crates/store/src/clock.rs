//! The clock by which work is due: the database's, so that hosts whose clocks differ agree.

#[cfg(feature = "testing")]
use std::sync::Arc;

#[cfg(feature = "testing")]
use soar_connector::Clock;
use sqlx::Row as _;

#[cfg(feature = "testing")]
use super::Store;
use super::{Engine, Records, StoreError};

/// The database's clock, or in tests another one in its place.
#[derive(Debug, Clone, Default)]
pub(super) struct StoreClock {
    #[cfg(feature = "testing")]
    instead: Option<Arc<dyn Clock>>,
}

impl StoreClock {
    /// The time in milliseconds since 1970, unless it is the database's.
    #[cfg(feature = "testing")]
    fn instead(&self) -> Option<i64> {
        self.instead.as_ref().map(|clock| crate::moment::milliseconds(clock.now()))
    }

    #[cfg(not(feature = "testing"))]
    fn instead(&self) -> Option<i64> {
        let Self {} = self;
        None
    }
}

#[cfg(feature = "testing")]
impl Store {
    /// For tests: the same store, with `clock` in place of the database's.
    #[must_use]
    pub fn on_clock(&self, clock: Arc<dyn Clock>) -> Self {
        let mut store = self.clone();
        store.clock = StoreClock { instead: Some(clock) };
        store
    }
}

impl Records<'_> {
    /// The time of the database's clock, in milliseconds since 1970. Due times and leases are computed from this clock
    /// only, so that no host's clock is compared with another one.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn now(&mut self) -> Result<i64, StoreError> {
        if let Some(now) = self.clock.instead() {
            return Ok(now);
        }
        let sql = match self.engine {
            Engine::Sqlite => "SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS BIGINT)",
            Engine::Postgres => "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)",
        };
        Ok(sqlx::query(sql).fetch_one(&mut *self.connection).await?.try_get(0)?)
    }
}
