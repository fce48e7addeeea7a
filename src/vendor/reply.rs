//! Splits a reply into rows without building values, and refuses what is no reply of the vendor's.

use std::ops::Range;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use soar_connector::Page;
use soar_connector::manifest::{Command, ReplyShape};

use super::Failure;

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
}

impl ListReply {
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
    items: Option<&'a RawValue>,
}

/// A number, or text with one, as this API mixes them; nothing for `""`, `"None"` and whatever else is no number.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Whether a body is a web page rather than data.
pub(crate) fn is_html(content_type: &str, body: &[u8]) -> bool {
    content_type.contains("html") || body.trim_ascii_start().starts_with(b"<")
}

/// Splits `body` into rows as `command`'s manifest says that its reply looks.
///
/// # Errors
/// `empty-reply`, `html-reply`, `unreadable-reply` or `unexpected-reply`, whenever the body does not prove that the
/// vendor answered this command.
pub(crate) fn split(command: &Command, content_type: &str, body: Vec<u8>) -> Result<ListReply, Failure> {
    let accepts = |shape| command.reply.contains(&shape);
    if body.trim_ascii().is_empty() {
        return if accepts(ReplyShape::Empty) {
            Ok(whole(Page::new(String::new(), Vec::new())))
        } else {
            Err(Failure::new("empty-reply", "The reply is empty."))
        };
    }
    if is_html(content_type, &body) {
        return Err(Failure::new("html-reply", "The reply is a web page, not JSON."));
    }
    let text = text(body)?;
    let json: &RawValue = serde_json::from_str(&text).map_err(|error| {
        Failure::new("unreadable-reply", format!("The reply is no whole and valid JSON ({error})."))
    })?;
    let unexpected = |problem: &str| Failure::new("unexpected-reply", problem.to_owned());
    match json.get().as_bytes().first() {
        Some(b'[') if accepts(ReplyShape::Array) => {
            let rows = rows(command, &text, json)?;
            Ok(whole(Page::new(text, rows)))
        }
        Some(b'{') => {
            let object: PageObject<'_> = serde_json::from_str(json.get())
                .map_err(|error| unexpected(&format!("The reply is no object ({error}).")))?;
            if let Some(items) = object.items.filter(|_| accepts(ReplyShape::PageObject)) {
                let rows = if is_blank(items) { Vec::new() } else { rows(command, &text, items)? };
                let (number, total_pages, total_rows) = (object.page, object.total_pages, object.total_count);
                return Ok(ListReply { page: Page::new(text, rows), number, total_pages, total_rows, paged: true });
            }
            if !accepts(ReplyShape::Object) {
                return Err(unexpected("The reply is an object without the list that was asked for."));
            }
            let row = range(&text, json);
            prove(command, json.get())?;
            Ok(whole(Page::new(text, vec![row])))
        }
        _ => Err(unexpected("The reply is JSON of another shape than this command's.")),
    }
}

fn text(body: Vec<u8>) -> Result<String, Failure> {
    let text = String::from_utf8(body).map_err(|_| Failure::new("unreadable-reply", "The reply is no valid UTF-8."))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn whole(page: Page) -> ListReply {
    ListReply { page, number: None, total_pages: None, total_rows: None, paged: false }
}

fn is_blank(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "\"\"" | "\"None\"")
}

fn rows(command: &Command, text: &str, list: &RawValue) -> Result<Vec<Range<usize>>, Failure> {
    let rows: Vec<&RawValue> = serde_json::from_str(list.get())
        .map_err(|_| Failure::new("unexpected-reply", "The reply's list is no list."))?;
    if let Some(first) = rows.first() {
        prove(command, first.get())?;
    }
    if rows.iter().any(|row| !row.get().starts_with('{')) {
        return Err(Failure::new("unexpected-reply", "The reply's list holds something else than objects."));
    }
    Ok(rows.into_iter().map(|row| range(text, row)).collect())
}

/// Where `part`, which was parsed out of `text`, stands in it.
fn range(text: &str, part: &RawValue) -> Range<usize> {
    let start = (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + part.get().len()
}

/// Checks that a row has the members by which the vendor's rows are known.
fn prove(command: &Command, row: &str) -> Result<(), Failure> {
    let members: std::collections::BTreeMap<String, serde::de::IgnoredAny> =
        serde_json::from_str(row).map_err(|_| Failure::new("unexpected-reply", "The reply's rows are no objects."))?;
    match command.row_members.iter().find(|name| !members.contains_key(*name)) {
        None => Ok(()),
        Some(name) => {
            Err(Failure::new("unexpected-reply", format!("The reply's rows have no \"{name}\", as Footprint's have.")))
        }
    }
}
