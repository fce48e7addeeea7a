//! Writes a fault as the text that it can be read from again.

use std::{fmt, time::Duration};

use super::{Dress, ErrorBody, Fault, FaultKind, PageFault, RetryAfter, TotalsForm};

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.route, self.kind)?;
        match self.retry_after {
            None => {}
            Some(RetryAfter::Seconds(seconds)) => write!(formatter, " retry-after={seconds}")?,
            Some(RetryAfter::Date(seconds)) => write!(formatter, " retry-after=date:{seconds:+}")?,
        }
        if let Some(count) = self.count {
            write!(formatter, " count={count}")?;
        }
        if self.skip > 0 {
            write!(formatter, " skip={}", self.skip)?;
        }
        if let Some(page) = self.page {
            write!(formatter, " page={page}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Status(code, ErrorBody::Detail) => return write!(formatter, "status={code}"),
            Self::Status(code, body) => {
                let word = ErrorBody::WORDS.iter().find(|(named, _)| named == body).map_or("detail", |(_, word)| word);
                return write!(formatter, "status={code} body={word}");
            }
            Self::Delay(delay) => return write!(formatter, "delay={}", time(*delay)),
            Self::Giant(bytes) => return write!(formatter, "giant={}", size(*bytes)),
            Self::Redirect(url) => return write!(formatter, "redirect={url}"),
            Self::Close => "close",
            Self::Cut => "cut",
            Self::Broken => "broken",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::Foreign => "foreign",
            Self::TokenExpiry => "token-expiry",
            Self::WrongEncoding => "wrong-encoding",
            Self::Deep => "deep",
            Self::Page(PageFault::Short) => "short-page",
            Self::Page(PageFault::Repeat) => "repeat-page",
            Self::Page(PageFault::Shift) => "shift",
            Self::Page(PageFault::Totals(totals)) => {
                return write!(formatter, "totals={}", word(&TotalsForm::WORDS, *totals));
            }
            Self::Dress(Dress::Mark) => "bom",
            Self::Dress(dress) => return write!(formatter, "gzip={}", word(&Dress::GZIP_WORDS, *dress)),
        };
        formatter.write_str(word)
    }
}

fn word<T: PartialEq>(words: &[(T, &'static str)], wanted: T) -> &'static str {
    words.iter().find(|(named, _)| *named == wanted).map_or("", |(_, word)| word)
}

fn time(delay: Duration) -> String {
    if delay.subsec_nanos() == 0 { format!("{}s", delay.as_secs()) } else { format!("{}ms", delay.as_millis()) }
}

fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    for (factor, unit) in units {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes}B")
}
