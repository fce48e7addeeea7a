//! When a request is sent again, and after how long.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use soar_connector::sentence;

use super::reply::VendorReply;
use crate::vendor::Failure;

/// How often a request is sent at most.
const MOST_ATTEMPTS: usize = 5;
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The effect that sending a request again can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Nothing: it only reads.
    Harmless,
    /// It may do something twice, so it is sent again only when the first surely did nothing.
    Harmful,
    /// It may count as another attempt with a wrong password, so it is sent again only when none was checked.
    CountsAsLogin,
}

/// The step after an attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Take the answer as it is.
    Stop,
    /// Send the request again after this long.
    Again(Duration),
    /// Give up, and say when to come back: the server has said it, and the command does not wait that long.
    ComeBackIn(Duration),
}

/// Decides over the attempts of one request.
#[derive(Debug)]
pub(super) struct Retry {
    repeat: Repeat,
    /// Whether to wait when the server says that there are too many requests, and to try more than twice.
    waits_for_rate_limit: bool,
    waits: ExponentialBackoff,
}

impl Retry {
    pub(super) fn new(repeat: Repeat, waits_for_rate_limit: bool) -> Self {
        let waits = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(LONGEST_WAIT)
            .with_max_times(if waits_for_rate_limit { MOST_ATTEMPTS - 1 } else { 1 })
            .with_jitter()
            .build();
        Self { repeat, waits_for_rate_limit, waits }
    }

    /// The step after `attempt`, with `left` until the command must be done.
    pub(super) fn after(&mut self, attempt: &Result<VendorReply, Failure>, now: SystemTime, left: Duration) -> Next {
        if !self.may_repeat(attempt) {
            return Next::Stop;
        }
        let asked = attempt.as_ref().ok().and_then(|reply| reply.retry_after(now));
        let had_too_many = attempt.as_ref().is_ok_and(|reply| reply.status == 429);
        let wait = if had_too_many && !self.waits_for_rate_limit { None } else { self.waits.next() };
        match (wait, asked) {
            (None, Some(asked)) if !asked.is_zero() => Next::ComeBackIn(asked),
            (_, Some(asked)) if asked >= left => Next::ComeBackIn(asked),
            (Some(wait), asked) => match asked.unwrap_or(Duration::ZERO).max(wait) {
                wait if wait < left => Next::Again(wait),
                _ => Next::Stop,
            },
            (None, _) => Next::Stop,
        }
    }

    fn may_repeat(&self, attempt: &Result<VendorReply, Failure>) -> bool {
        match attempt {
            Ok(reply) if reply.status == 429 => true,
            Ok(reply) => match self.repeat {
                Repeat::Harmless => matches!(reply.status, 408 | 502 | 503 | 504),
                Repeat::CountsAsLogin => matches!(reply.status, 502 | 503),
                Repeat::Harmful => false,
            },
            Err(failure) => match failure.code {
                // No connection was made, so nothing was sent.
                Some("unreachable" | "proxy-failed") => true,
                Some("connection-lost" | "timed-out") => self.repeat == Repeat::Harmless,
                _ => false,
            },
        }
    }
}

impl VendorReply {
    /// How long the server asks to wait.
    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        wait_asked(self.retry_after.as_deref()?, now)
    }
}

/// The wait that a Retry-After header asks for: seconds, or until an HTTP date; nothing for any other text.
pub(crate) fn wait_asked(header: &str, now: SystemTime) -> Option<Duration> {
    let text = header.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or(Duration::ZERO))
        }
    }
}

/// The failure that says when to come back.
pub(crate) fn come_back_in(wait: Duration, status: Option<u16>, said: &str, now: SystemTime) -> Failure {
    // A date that no calendar holds is left out; the seconds say it too.
    let at = now
        .checked_add(wait)
        .filter(|at| at.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|time| time.as_secs() < 253_402_300_800))
        .map(|at| format!(", at {}", httpdate::fmt_http_date(at)))
        .unwrap_or_default();
    let message = sentence(&format!("{said} The server asks to come back in {} seconds{at}", wait.as_secs().max(1)));
    match status {
        Some(429) | None => Failure { status, code: Some("rate-limited"), message },
        Some(status) => Failure::of_status(status, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: Duration = Duration::from_secs(100);

    fn reply(status: u16, retry_after: Option<&str>) -> Result<VendorReply, Failure> {
        Ok(VendorReply { status, retry_after: retry_after.map(str::to_owned), ..VendorReply::default() })
    }

    fn next(repeat: Repeat, attempt: &Result<VendorReply, Failure>) -> Next {
        Retry::new(repeat, true).after(attempt, SystemTime::UNIX_EPOCH, LEFT)
    }

    #[test]
    fn reads_are_repeated_after_what_passes_and_writes_after_what_did_nothing() {
        let lost = |code| Err(Failure::new(code, ""));
        for (attempt, read, write, login) in [
            (reply(200, None), false, false, false),
            (reply(401, None), false, false, false),
            (reply(404, None), false, false, false),
            (reply(408, None), true, false, false),
            (reply(429, None), true, true, true),
            (reply(500, None), false, false, false),
            (reply(502, None), true, false, true),
            (reply(503, None), true, false, true),
            (reply(504, None), true, false, false),
            (lost("unreachable"), true, true, true),
            (lost("proxy-failed"), true, true, true),
            (lost("proxy-denied"), false, false, false),
            (lost("proxy-refused"), false, false, false),
            (lost("connection-lost"), true, false, false),
            (lost("timed-out"), true, false, false),
            (lost("tls-failed"), false, false, false),
            (lost("reply-too-large"), false, false, false),
        ] {
            for (repeat, expected) in
                [(Repeat::Harmless, read), (Repeat::Harmful, write), (Repeat::CountsAsLogin, login)]
            {
                let again = matches!(next(repeat, &attempt), Next::Again(_));
                assert_eq!(again, expected, "{repeat:?} {attempt:?}");
            }
        }
    }

    #[test]
    fn retry_after_is_heeded_in_both_forms() {
        for (form, seconds) in [("7", 7), (" 7 ", 7), ("Thu, 01 Jan 1970 00:00:07 GMT", 7)] {
            assert_eq!(next(Repeat::Harmless, &reply(429, Some(form))), Next::Again(Duration::from_secs(seconds)));
        }
        for nonsense in ["soon", "-1", "", "Thu, 99 Jan"] {
            let Next::Again(wait) = next(Repeat::Harmless, &reply(429, Some(nonsense))) else { panic!("{nonsense}") };
            assert!(wait < Duration::from_secs(1), "{nonsense} counts as not given");
        }
        let past = reply(503, Some("Thu, 01 Jan 1970 00:00:00 GMT"));
        assert!(matches!(next(Repeat::Harmless, &past), Next::Again(wait) if wait < Duration::from_secs(1)));
    }

    #[test]
    fn a_wait_beyond_the_time_left_gives_up_at_once_and_says_when_to_come_back() {
        for far in ["100", "18446744073709551615", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let Next::ComeBackIn(wait) = next(Repeat::Harmless, &reply(429, Some(far))) else { panic!("{far}") };
            let failure = come_back_in(wait, Some(429), "Too Many Requests.", SystemTime::UNIX_EPOCH);
            assert!(failure.message.contains("come back in"), "{}", failure.message);
        }
        let failure = come_back_in(Duration::from_secs(90), Some(503), "Busy.", SystemTime::UNIX_EPOCH);
        assert_eq!(
            failure.message,
            "Busy. The server asks to come back in 90 seconds, at Thu, 01 Jan 1970 00:01:30 GMT."
        );
    }

    #[test]
    fn a_command_that_fails_fast_does_not_wait_out_a_429() {
        let mut retry = Retry::new(Repeat::Harmless, false);
        for (header, next) in
            [(Some("7"), Next::ComeBackIn(Duration::from_secs(7))), (None, Next::Stop), (Some("0"), Next::Stop)]
        {
            assert_eq!(retry.after(&reply(429, header), SystemTime::UNIX_EPOCH, LEFT), next, "{header:?}");
        }
        assert!(matches!(retry.after(&reply(503, None), SystemTime::UNIX_EPOCH, LEFT), Next::Again(_)));
    }

    #[test]
    fn attempts_are_bounded_and_waits_grow() {
        let mut retry = Retry::new(Repeat::Harmless, true);
        let mut waits = Vec::new();
        while let Next::Again(wait) = retry.after(&reply(503, None), SystemTime::UNIX_EPOCH, LEFT) {
            waits.push(wait);
        }
        assert_eq!(waits.len(), MOST_ATTEMPTS - 1);
        let last = retry.after(&reply(503, Some("7")), SystemTime::UNIX_EPOCH, LEFT);
        assert_eq!(last, Next::ComeBackIn(Duration::from_secs(7)), "a command that gives up says when to come back");
        assert!(waits[3] > waits[0] && waits.iter().all(|wait| *wait <= 2 * LONGEST_WAIT), "{waits:?}");
    }
}
