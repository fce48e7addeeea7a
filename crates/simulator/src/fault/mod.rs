//! Makes the simulator misbehave on command: what a fault is, how it is written, when it strikes.

mod display;
mod dress;
mod plan;

use std::time::Duration;

pub(crate) use dress::{Dress, TotalsForm};
pub(crate) use plan::{FaultEffect, FaultPlan};

/// One way to misbehave, made from text such as `devices status=503 retry-after=2 count=3`.
///
/// The text is a route, a kind and modifiers, separated by blanks. The route is `*` or a short name
/// (`token`, `devices`, `rescan`, …). The kinds:
///
/// | kind | what the caller sees |
/// |---|---|
/// | `status=503` | that status; `body=detail` (default), `message`, `fields`, `html` or `empty` |
/// | `delay=500ms` | the normal answer, later (`ms`, `s`, `m`) |
/// | `close` | the connection closed without an answer, nothing done |
/// | `cut` | the request done, the answer's headers and half of its body, then the connection closed |
/// | `broken` | 200 with JSON that ends in the middle, of correct length |
/// | `html` | 200 with a web page |
/// | `empty` | 200 without a body |
/// | `foreign` | 200 with another product's JSON |
/// | `giant=100MB` | 200 with that many bytes of JSON, without a length given (`B`, `KB`, `MB`, `GB`) |
/// | `token-expiry` | the caller's access token ended by this request: 401 |
/// | `redirect=URL` | 302 to that address |
/// | `wrong-encoding` | 200 with JSON that is not UTF-8 |
/// | `deep` | 200 with JSON nested 100,000 deep |
/// | `short-page` | a page or array without its last row, totals unchanged |
/// | `repeat-page` | the page before the one asked for |
/// | `totals=null` | a page object whose totals are `absent`, `null`, `text`, `float` or `zero` |
/// | `bom` | the normal answer after a byte order mark |
/// | `gzip=members` | the normal answer, compressed as `members` of gzip, as `upper` (`GZIP`) or `x-gzip`, cut in `half`, or just `label`led so |
/// | `shift` | on pages after the first: a row came in at the front, so one more in all and all rows one later |
///
/// Modifiers: `count=N` (how often; default always), `skip=N` (let that many requests pass first),
/// `page=N` (only requests with this `page`), and with `status` also `retry-after=SECONDS` or
/// `retry-after=date:+5` (an HTTP date 5 s from now). Several faults may strike one request: delays add
/// up, and of the rest the one injected first counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `*` or a short name.
    pub(crate) route: &'static str,
    pub(crate) kind: FaultKind,
    pub(crate) retry_after: Option<RetryAfter>,
    pub(crate) count: Option<u32>,
    pub(crate) skip: u32,
    pub(crate) page: Option<u32>,
}

/// The effect of a fault that strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Status(u16, ErrorBody),
    Delay(Duration),
    Close,
    Cut,
    Broken,
    Html,
    Empty,
    Foreign,
    Giant(u64),
    TokenExpiry,
    Redirect(String),
    WrongEncoding,
    Deep,
    Page(PageFault),
    Dress(Dress),
}

/// How a list is read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageFault {
    Short,
    Repeat,
    Shift,
    Totals(TotalsForm),
}

/// The body of an error status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ErrorBody {
    #[default]
    Detail,
    Message,
    Fields,
    Html,
    Empty,
}

/// The value of the header `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryAfter {
    Seconds(u32),
    /// An HTTP date this many seconds from now.
    Date(i32),
}
