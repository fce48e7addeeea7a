//! The clock of due work.

#[cfg(feature = "testing")]
use std::sync::Arc;

#[cfg(feature = "testing")]
use soar_connector::Clock;

use crate::model::Moment;

/// The database's clock, or in tests another one.
#[derive(Debug, Clone, Default)]
pub(super) struct StoreClock {
    #[cfg(feature = "testing")]
    instead: Option<Arc<dyn Clock>>,
}

impl StoreClock {
    /// For tests: `clock` in place of the database's.
    #[cfg(feature = "testing")]
    pub(super) fn in_place(clock: Arc<dyn Clock>) -> Self {
        Self { instead: Some(clock) }
    }

    /// The time, unless the database's clock is used.
    #[cfg(feature = "testing")]
    pub(super) fn instead(&self) -> Option<Moment> {
        self.instead.as_ref().map(|clock| Moment::from(clock.now()))
    }

    #[cfg(not(feature = "testing"))]
    pub(super) fn instead(&self) -> Option<Moment> {
        let Self {} = self;
        None
    }
}
