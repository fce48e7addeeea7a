//! Limits repeated messages in the log.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Allows one message per minute.
#[derive(Debug, Default)]
pub(crate) struct OncePerMinute(Mutex<Option<Instant>>);

impl OncePerMinute {
    /// Whether the last message is at least a minute ago. The caller then writes a message.
    pub(crate) fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= MINUTE);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

/// Allows one message per minute and subject.
#[derive(Debug, Default)]
pub(crate) struct EachOncePerMinute(Mutex<BTreeMap<&'static str, OncePerMinute>>);

impl EachOncePerMinute {
    /// As [`OncePerMinute::is_due`], for `subject`.
    pub(crate) fn is_due(&self, subject: &'static str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(subject).or_default().is_due()
    }
}
