//! The clock of due work is the database's, so that hosts whose clocks differ agree.

#[cfg(feature = "testing")]
use std::sync::Arc;

#[cfg(feature = "testing")]
use soar_connector::Clock;

use super::{Engine, Records, StoreError};
#[cfg(feature = "testing")]
use super::{Store, store_clock::StoreClock};
use crate::model::Moment;

#[cfg(feature = "testing")]
impl Store {
    /// For tests: the same store, with `clock` in place of the database's clock.
    #[must_use]
    pub fn on_clock(&self, clock: Arc<dyn Clock>) -> Self {
        let mut store = self.clone();
        store.clock = StoreClock::in_place(clock);
        store
    }
}

impl Records<'_> {
    /// The time of the database's clock. Due times and leases are computed with this clock only, so no host compares
    /// its clock with another's.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub async fn now(&mut self) -> Result<Moment, StoreError> {
        if let Some(now) = self.clock.instead() {
            return Ok(now);
        }
        let sql = match self.engine {
            Engine::Sqlite => "SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS BIGINT)",
            Engine::Postgres => "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)",
        };
        Ok(sqlx::query_scalar(sql).fetch_one(&mut *self.connection).await?)
    }
}
