//! Warnings in the log about alerts that are not delivered.

use std::sync::atomic::{AtomicU64, Ordering};

use soar_store::Undelivered;

/// The age of the oldest alert at the first warning, in seconds.
const FIRST_WARNING: u64 = 60;

/// The longest time between two warnings, in seconds.
const LONGEST_SILENCE: u64 = 3_600;

/// Warns each time the wait of the oldest alert has doubled, and at least once per [`LONGEST_SILENCE`].
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
    /// Logs a warning about these alerts if one is due. Logs that all alerts are delivered after the last warning.
    pub(super) fn warn_of(&self, alerts: Undelivered) {
        let (age, due_at_age) = (alerts.age.as_secs(), self.due_at_age.load(Ordering::Relaxed));
        if age >= due_at_age {
            let next = (age * 2).min(age + LONGEST_SILENCE);
            self.due_at_age.store(next, Ordering::Relaxed);
            tracing::warn!(
                alerts = alerts.messages,
                "Alerts wait to be delivered, the oldest for {age} s. The warnings about each attempt have the cause."
            );
        } else if alerts.messages == 0 && due_at_age > FIRST_WARNING {
            self.due_at_age.store(FIRST_WARNING, Ordering::Relaxed);
            tracing::info!("All waiting alerts are delivered.");
        }
    }
}
