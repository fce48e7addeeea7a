//! Retry-After headers: a wait or none, and a message that says when to come back.

use std::time::{Duration, SystemTime};

use super::require_one_line;
use crate::session::{come_back_in, wait_asked};

/// Checks a header's text.
pub fn retry_after(data: &[u8]) {
    check(&String::from_utf8_lossy(data));
}

fn check(header: &str) {
    for seconds in [0, 1_900_000_000, 400_000_000_000] {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let Some(wait) = wait_asked(header, now) else { continue };
        if let Ok(asked) = header.trim().parse() {
            assert_eq!(wait, Duration::from_secs(asked));
        }
        for status in [None, Some(429), Some(503)] {
            let failure = come_back_in(wait, status, "Busy.", now);
            require_one_line(&failure.message, 200);
            assert!(failure.message.contains("seconds"), "{}", failure.message);
        }
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_asks_for_a_wait_or_for_none(text: String) {
            check(&text);
        }

        #[test]
        fn any_number_and_any_date_can_be_said(
            number: u64, date in "(Sun|Mon|Thu|Xyz), [0-9]{2} (Jan|Feb|Dec|Abc) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
        ) {
            check(&number.to_string());
            check(&date);
        }
    }
}
