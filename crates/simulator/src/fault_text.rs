//! Reads a fault's text, or says which words would have been valid.

use std::{str::FromStr, time::Duration};

use crate::{
    fault::{Dress, ErrorBody, Fault, FaultKind, PageFault, RetryAfter, TotalsForm},
    routes::names,
};

/// The names of all kinds, as texts have them.
const KINDS: &str = "status=503, delay=500ms, close, cut, broken, html, empty, foreign, giant=100MB, \
     token-expiry, redirect=URL, wrong-encoding, deep, short-page, repeat-page, shift, totals=null, bom, gzip=members";
const MODIFIERS: &str = "count, skip, page, and with status also body and retry-after";

impl Fault {
    /// The syntax of a fault's text, for people: routes, kinds and what the caller sees of them, modifiers.
    pub const HELP: &str = "\
A fault is ROUTE KIND [KEY=VALUE…]. The route is * or a short name such as token, devices or
rescan: a wrong one is answered with all of them. The kinds:
  status=503        that status; body=detail, message, fields, html or empty says with what,
                    retry-after=2 or retry-after=date:+2 when to come back
  delay=500ms       the normal answer, later (ms, s, m)
  close             the connection closed without an answer, nothing done
  cut               the request done, and the connection closed in the middle of the answer
  broken            200 with JSON that ends in the middle
  html              200 with a web page
  empty             200 without a body
  foreign           200 with another product's JSON
  giant=100MB       200 with that many bytes of JSON (B, KB, MB, GB)
  token-expiry      401, and the caller's access token ended
  redirect=URL      302 to that address
  wrong-encoding    200 with JSON that is not UTF-8
  deep              200 with JSON nested 100,000 deep
  short-page        a list without its last row, totals unchanged
  repeat-page       the page before the one asked for
  totals=null       a page object with totals that are absent, null, text, float or zero
  bom               the normal answer after a byte order mark
  gzip=members      the normal answer as several members of gzip, as upper (GZIP), as x-gzip,
                    cut in half, or with the label alone
  shift             on pages after the first: a row came in at the front
Modifiers: count=N (how often; always unless given), skip=N (let so many requests pass first),
page=N (only requests for that page). Several faults may strike one request: delays add up, and of
the rest the first counts.";
}

/// A fault's text is wrong; the message names the valid words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Route or kind is missing.
    #[error("a fault is ROUTE KIND [KEY=VALUE…], for example `devices status=503 count=2`; kinds: {KINDS}")]
    Incomplete,
    /// No route has this name.
    #[error("no route is called `{name}`; routes: *, {valid}")]
    Route {
        /// The word given.
        name: String,
        /// The names of all routes.
        valid: String,
    },
    /// No kind has this name.
    #[error("no kind of fault is called `{0}`; kinds: {KINDS}")]
    Kind(String),
    /// No modifier has this name, or not with this kind, or it came twice.
    #[error("`{0}` does not fit here; modifiers, each once: {MODIFIERS}")]
    Modifier(String),
    /// A value is missing, not allowed or cannot be read.
    #[error("`{word}` is wrong: {expected}")]
    Value {
        /// The word given.
        word: String,
        /// The expected form.
        expected: &'static str,
    },
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.split_whitespace();
        let (Some(route), Some(kind)) = (words.next(), words.next()) else {
            return Err(FaultError::Incomplete);
        };
        let mut fault = Self {
            route: route_name(route)?,
            kind: read_kind(kind)?,
            retry_after: None,
            count: None,
            skip: 0,
            page: None,
        };
        let mut seen = Vec::new();
        for word in words {
            let name = word.split('=').next().unwrap_or(word);
            if seen.contains(&name) {
                return Err(FaultError::Modifier(word.to_owned()));
            }
            seen.push(name);
            fault.modify(word)?;
        }
        Ok(fault)
    }
}

fn route_name(name: &str) -> Result<&'static str, FaultError> {
    if name == "*" {
        return Ok("*");
    }
    let valid = names();
    valid
        .iter()
        .find(|valid| **valid == name)
        .copied()
        .ok_or_else(|| FaultError::Route { name: name.to_owned(), valid: valid.join(", ") })
}

fn read_kind(word: &str) -> Result<FaultKind, FaultError> {
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let wrong = |expected| FaultError::Value { word: word.to_owned(), expected };
    let kind = match name {
        "status" => {
            const EXPECTED: &str = "write an HTTP status from 200 to 599, such as status=503";
            let code: u16 = value
                .and_then(|value| value.parse().ok())
                .filter(|code| (200..600).contains(code))
                .ok_or_else(|| wrong(EXPECTED))?;
            return Ok(FaultKind::Status(code, ErrorBody::default()));
        }
        "delay" => {
            const EXPECTED: &str = "write a time in ms, s or m, such as delay=500ms";
            return value.and_then(duration).map(FaultKind::Delay).ok_or_else(|| wrong(EXPECTED));
        }
        "giant" => {
            const EXPECTED: &str = "write a size in B, KB, MB or GB, such as giant=100MB";
            return value.and_then(size).map(FaultKind::Giant).ok_or_else(|| wrong(EXPECTED));
        }
        "redirect" => {
            const EXPECTED: &str = "write an address in visible ASCII, such as redirect=http://192.0.2.1/";
            return value
                .filter(|url| !url.is_empty() && url.bytes().all(|byte| byte.is_ascii_graphic()))
                .map(|url| FaultKind::Redirect(url.to_owned()))
                .ok_or_else(|| wrong(EXPECTED));
        }
        "totals" => {
            return from_word(&TotalsForm::WORDS, value)
                .map(|totals| FaultKind::Page(PageFault::Totals(totals)))
                .ok_or_else(|| wrong("write totals=absent, null, text, float or zero"));
        }
        "gzip" => {
            return from_word(&Dress::GZIP_WORDS, value)
                .map(FaultKind::Dress)
                .ok_or_else(|| wrong("write gzip=members, upper, x-gzip, label or half"));
        }
        "bom" => FaultKind::Dress(Dress::Mark),
        "close" => FaultKind::Close,
        "cut" => FaultKind::Cut,
        "broken" => FaultKind::Broken,
        "html" => FaultKind::Html,
        "empty" => FaultKind::Empty,
        "foreign" => FaultKind::Foreign,
        "token-expiry" => FaultKind::TokenExpiry,
        "wrong-encoding" => FaultKind::WrongEncoding,
        "deep" => FaultKind::Deep,
        "short-page" => FaultKind::Page(PageFault::Short),
        "repeat-page" => FaultKind::Page(PageFault::Repeat),
        "shift" => FaultKind::Page(PageFault::Shift),
        _ => return Err(FaultError::Kind(word.to_owned())),
    };
    if value.is_some() {
        return Err(wrong("this kind takes no value"));
    }
    Ok(kind)
}

fn from_word<T: Copy>(words: &[(T, &str)], word: Option<&str>) -> Option<T> {
    words.iter().find(|(_, name)| Some(*name) == word).map(|(named, _)| *named)
}

impl Fault {
    fn modify(&mut self, word: &str) -> Result<(), FaultError> {
        let wrong = |expected| FaultError::Value { word: word.to_owned(), expected };
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || value.parse::<u32>().map_err(|_| wrong("write a whole number, such as count=2"));
        match (name, &mut self.kind) {
            ("count", _) => self.count = Some(number()?),
            ("skip", _) => self.skip = number()?,
            ("page", _) => self.page = Some(number()?),
            ("body", FaultKind::Status(_, body)) => {
                *body = ErrorBody::from_word(value)
                    .ok_or_else(|| wrong("write body=detail, message, fields, html or empty"))?;
            }
            ("retry-after", FaultKind::Status(..)) => {
                let after = match value.strip_prefix("date:") {
                    Some(seconds) => seconds.parse().ok().map(RetryAfter::Date),
                    None => value.parse().ok().map(RetryAfter::Seconds),
                };
                self.retry_after = Some(after.ok_or_else(|| wrong("write retry-after=5 or retry-after=date:+5"))?);
            }
            _ => return Err(FaultError::Modifier(word.to_owned())),
        }
        Ok(())
    }
}

impl ErrorBody {
    /// All bodies with their words.
    pub(super) const WORDS: [(Self, &'static str); 5] = [
        (Self::Detail, "detail"),
        (Self::Message, "message"),
        (Self::Fields, "fields"),
        (Self::Html, "html"),
        (Self::Empty, "empty"),
    ];

    fn from_word(word: &str) -> Option<Self> {
        from_word(&Self::WORDS, Some(word))
    }
}

/// Number and unit, the number first.
fn measure(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = measure(text)?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = measure(text)?;
    let factor = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_explains_every_kind_and_every_modifier() {
        let explains = |word: &str| Fault::HELP.lines().any(|line| line.trim_start().starts_with(&format!("{word} ")));
        assert!(KINDS.split(", ").all(explains), "{}", Fault::HELP);
        for modifier in ["count=N", "skip=N", "page=N", "body=", "retry-after="] {
            assert!(Fault::HELP.contains(modifier), "{modifier}");
        }
    }
}
