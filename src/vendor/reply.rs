//! Splits a reply into rows without building values, and refuses what is no reply of the vendor's.

use std::ops::Range;

use serde::de::{DeserializeSeed as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use soar_connector::Page;
use soar_connector::manifest::{Command, ReplyShape};

use super::Failure;
use super::json::{into_text, unreadable};
use super::rows::{Items, Lacking, Rows};

/// A list's reply: its rows and what it says of the whole list.
#[derive(Debug)]
pub(crate) struct ListReply {
    pub(crate) page: Page,
    /// The number that the reply gives itself, the number of pages, and of rows on all of them.
    pub(crate) number: Option<u64>,
    pub(crate) total_pages: Option<u64>,
    pub(crate) total_rows: Option<u64>,
    /// Whether it was a page object; else it is all there is.
    pub(crate) paged: bool,
    /// Whether its rows are known to be the vendor's; else its session has to vouch for them.
    pub(crate) proven: bool,
}

impl ListReply {
    /// A reply that is all there is.
    fn whole(page: Page, proven: bool) -> Self {
        Self { page, number: None, total_pages: None, total_rows: None, paged: false, proven }
    }

    /// How many rows the page lacks at least, by what it says of itself.
    ///
    /// With `t` rows on `p` pages no page but the last can hold fewer than `t / p` rows, rounded up.
    pub(crate) fn shortfall(&self) -> u64 {
        let rows = self.page.len() as u64;
        let (Some(pages), Some(total)) = (self.total_pages, self.total_rows) else {
            return 0;
        };
        let number = self.number.unwrap_or(1);
        let expected = if pages <= 1 && number <= 1 {
            total
        } else if number < pages {
            total.div_ceil(pages)
        } else {
            u64::from(number == pages && total > 0)
        };
        expected.saturating_sub(rows)
    }
}

/// A page object, read in one pass that builds no values but the counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageObject<'a> {
    #[serde(default, deserialize_with = "count")]
    page: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    total_pages: Option<u64>,
    #[serde(default, deserialize_with = "count")]
    total_count: Option<u64>,
    #[serde(default, borrow)]
    items: Items<'a>,
}

/// A whole number, also as `3.0` or as text; nothing for `""`, `"None"` and all other values, which leave it unknown.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => whole(&number.to_string()),
        Value::String(text) => whole(text.trim()),
        _ => None,
    })
}

fn whole(number: &str) -> Option<u64> {
    let (integer, fraction) = number.split_once('.').unwrap_or((number, ""));
    integer.parse().ok().filter(|_| fraction.bytes().all(|digit| digit == b'0'))
}

/// Splits `body` into rows as `command`'s manifest says that its reply looks.
///
/// # Errors
/// `empty-reply`, `html-reply`, `unreadable-reply` or `unexpected-reply`, whenever the body does not prove that the
/// vendor answered this command; `reply-too-large` for more than a million rows.
pub(crate) fn split(command: &Command, content_type: &str, body: Vec<u8>) -> Result<ListReply, Failure> {
    let accepts = |shape| command.reply.contains(&shape);
    let text = match into_text(content_type, body) {
        Err(failure) if failure.code == Some("empty-reply") && accepts(ReplyShape::Empty) => {
            return Ok(ListReply::whole(Page::new(String::new(), Vec::new()), true));
        }
        text => text?,
    };
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'[') if accepts(ReplyShape::Array) => {
            let rows: Rows<'_> = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
            let rows = rows.within_bounds()?;
            let proven = prove(command, &rows)?;
            let ranges = ranges(&text, rows);
            Ok(ListReply::whole(Page::new(text, ranges), proven))
        }
        Some(b'{') if accepts(ReplyShape::PageObject) || accepts(ReplyShape::Object) => split_object(command, text),
        _ => {
            let json: Result<IgnoredAny, _> = serde_json::from_str(&text);
            json.map_err(|error| unreadable(&error))?;
            Err(unexpected("The reply is JSON of another shape than this command's."))
        }
    }
}

fn split_object(command: &Command, text: String) -> Result<ListReply, Failure> {
    let accepts = |shape| command.reply.contains(&shape);
    let object: PageObject<'_> = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    match object.items {
        Items::Rows(rows) if accepts(ReplyShape::PageObject) => {
            let rows = rows.within_bounds()?;
            // A page with rows proves that totals of none, or of fewer rows, are no totals.
            let here = rows.len() as u64;
            let total_pages = object.total_pages.filter(|pages| *pages > 0 || here == 0);
            let total_rows = object.total_count.filter(|total| *total >= here);
            let number = object.page;
            let proven = prove(command, &rows)?;
            let ranges = ranges(&text, rows);
            Ok(ListReply { page: Page::new(text, ranges), number, total_pages, total_rows, paged: true, proven })
        }
        _ if accepts(ReplyShape::Object) => {
            let row: &RawValue = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
            let proven = prove(command, &[row])?;
            let ranges = ranges(&text, vec![row]);
            Ok(ListReply::whole(Page::new(text, ranges), proven))
        }
        _ => Err(unexpected("The reply is an object without the list that was asked for.")),
    }
}

fn unexpected(problem: &str) -> Failure {
    Failure::new("unexpected-reply", problem)
}

/// Where the rows, which were parsed out of `text`, stand in it.
fn ranges(text: &str, rows: Vec<&RawValue>) -> Vec<Range<usize>> {
    let base = text.as_ptr() as usize;
    let range = |row: &RawValue| {
        let start = (row.get().as_ptr() as usize).saturating_sub(base);
        start..start + row.get().len()
    };
    rows.into_iter().map(range).collect()
}

/// Whether the rows have the members by which the vendor's are known; `false` leaves it to the session to vouch.
///
/// The first row speaks for all: a list of another product's rows holds none of the vendor's.
fn prove(command: &Command, rows: &[&RawValue]) -> Result<bool, Failure> {
    if rows.iter().any(|row| !row.get().starts_with('{')) {
        return Err(unexpected("The reply's list holds something else than objects."));
    }
    let Some(first) = rows.first() else { return Ok(true) };
    let mut deserializer = serde_json::Deserializer::from_str(first.get());
    let lacking = Lacking(&command.row_members).deserialize(&mut deserializer);
    match lacking.map_err(|_| unexpected("The reply's rows are no objects."))?.first() {
        None => Ok(!command.row_members.is_empty()),
        Some(_) if command.unpublished_reply => Ok(false),
        Some(name) => Err(unexpected(&format!("The reply's rows have no \"{name}\", as Footprint's have."))),
    }
}
