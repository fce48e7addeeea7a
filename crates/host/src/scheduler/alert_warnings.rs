//! Warnings in the log about alerts that are not delivered.

use std::sync::atomic::{AtomicU64, Ordering};

use soar_store::Undelivered;

/// The log warns once the oldest alert has waited for this many seconds.
const FIRST_WARNING: u64 = 60;

/// The longest time between two warnings, in seconds.
const LONGEST_SILENCE: u64 = 3_600;

/// Warns each time that the wait has doubled, at the latest after [`LONGEST_SILENCE`].
#[derive(Debug)]
pub(super) struct AlertWarnings {
    /// The age of the oldest alert at which the next warning is due, in seconds.
    due_at_age: AtomicU64,
}

impl Default for AlertWarnings {
    fn default() -> Self {
        Self { due_at_age: AtomicU64::new(FIRST_WARNING) }
    }
}

impl AlertWarnings {
    /// Warns of these alerts if a warning is due. Tells the log once all of them are delivered.
    pub(super) fn warn_of(&self, alerts: Undelivered) {
        let (age, due_at_age) = (alerts.age.as_secs(), self.due_at_age.load(Ordering::Relaxed));
        if age >= due_at_age {
            let next = (age * 2).min(age + LONGEST_SILENCE);
            self.due_at_age.store(next, Ordering::Relaxed);
            tracing::warn!(
                alerts = alerts.messages,
                "Alerts wait to be delivered, the oldest for {age} s. See the warnings of each attempt."
            );
        } else if alerts.messages == 0 && due_at_age > FIRST_WARNING {
            self.due_at_age.store(FIRST_WARNING, Ordering::Relaxed);
            tracing::info!("All alerts that waited are delivered.");
        }
    }
}
