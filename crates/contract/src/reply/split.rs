//! Splits a reply into rows without building values, and refuses what is no reply of the product's.

use std::ops::Range;

use serde::de::{DeserializeSeed as _, IgnoredAny};
use serde_json::value::RawValue;

use super::json::{into_text, unreadable};
use super::page_object::{PageObject, PageObjectSeed};
use super::rows::{Items, Lacking, RawRows};
use crate::failure::Failure;
use crate::manifest::{Command, Manifest, Replies, ReplyShape};
use crate::page::ReplyPage;

/// A list's reply: its rows and what it says of the whole list.
#[derive(Debug)]
pub struct ListReply {
    /// The rows.
    pub page: ReplyPage,
    /// The number that the reply gives itself.
    pub number: Option<u64>,
    /// How many pages there are, by what the reply says.
    pub total_pages: Option<u64>,
    /// How many rows there are on all pages, by what the reply says.
    pub total_rows: Option<u64>,
    /// Whether it was a page object. Any other reply is the whole list.
    pub paged: bool,
    /// Whether its rows have the members by which the product's are known. Otherwise the connector has to prove in
    /// another way that the product answered.
    pub proven: bool,
}

impl ListReply {
    /// A reply that is all there is.
    fn whole(page: ReplyPage, proven: bool) -> Self {
        Self { page, number: None, total_pages: None, total_rows: None, paged: false, proven }
    }

    /// How many rows the page lacks at least, by what it says of itself.
    ///
    /// With `t` rows on `p` pages no page but the last can hold fewer than `t / p` rows, rounded up.
    #[must_use]
    pub fn shortfall(&self) -> u64 {
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

/// The form of a reply that is not the reply of a command, such as one of several that a command reads.
#[derive(Debug, Clone, Copy)]
pub struct ReplyForm<'a> {
    /// The shapes of reply that prove success.
    pub shapes: &'a [ReplyShape],
    /// Members that every row must have; a reply without them is another product's.
    pub row_members: &'a [&'a str],
    /// Whether the product publishes no shape for the reply, or not on every instance.
    pub unpublished: bool,
}

impl ReplyForm<'_> {
    fn accepts(&self, shape: ReplyShape) -> bool {
        self.shapes.contains(&shape)
    }
}

impl Command {
    /// Splits a reply into rows in the form that the manifest describes.
    ///
    /// # Errors
    /// `empty-reply`, `html-reply`, `unreadable-reply` or `unexpected-reply`, whenever the body does not prove that the
    /// product answered this command; `reply-too-large` for more than a million rows.
    pub fn split(&self, content_type: &str, body: Vec<u8>) -> Result<ListReply, Failure> {
        let row_members: Vec<_> = self.row_members.iter().map(String::as_str).collect();
        let form = ReplyForm { shapes: &self.reply, row_members: &row_members, unpublished: self.unpublished_reply };
        split(&form, &self.replies, content_type, body)
    }
}

impl Manifest {
    /// Splits a reply of another form than a command's into rows.
    ///
    /// # Errors
    /// As [`Command::split`].
    pub fn split(&self, form: &ReplyForm<'_>, content_type: &str, body: Vec<u8>) -> Result<ListReply, Failure> {
        split(form, &self.connector.replies, content_type, body)
    }
}

fn split(form: &ReplyForm<'_>, replies: &Replies, content_type: &str, body: Vec<u8>) -> Result<ListReply, Failure> {
    let accepts = |shape| form.accepts(shape);
    let text = match into_text(content_type, body) {
        Err(failure) if failure.code == Some("empty-reply") && accepts(ReplyShape::Empty) => {
            return Ok(ListReply::whole(ReplyPage::new(String::new(), Vec::new()), true));
        }
        text => text?,
    };
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'[') if accepts(ReplyShape::Array) => {
            let rows: RawRows<'_> = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
            let rows = rows.within_bounds()?;
            let proven = prove(form, &rows)?;
            let ranges = ranges(&text, rows);
            Ok(ListReply::whole(ReplyPage::new(text, ranges), proven))
        }
        Some(b'{') if accepts(ReplyShape::PageObject) || accepts(ReplyShape::Object) => {
            split_object(form, replies, text)
        }
        _ => {
            let json: Result<IgnoredAny, _> = serde_json::from_str(&text);
            json.map_err(|error| unreadable(&error))?;
            Err(unexpected("The reply is JSON of another shape than this command's."))
        }
    }
}

fn split_object(form: &ReplyForm<'_>, replies: &Replies, text: String) -> Result<ListReply, Failure> {
    let accepts = |shape| form.accepts(shape);
    let object = page_object(replies, &text)?;
    match object.items {
        Items::Rows(rows) if accepts(ReplyShape::PageObject) => {
            let rows = rows.within_bounds()?;
            // A page with rows proves that totals of none, or of fewer rows, are no totals.
            let here = rows.len() as u64;
            let total_pages = object.total_pages.filter(|pages| *pages > 0 || here == 0);
            let total_rows = object.total_rows.filter(|total| *total >= here);
            let number = object.number;
            let proven = prove(form, &rows)?;
            let ranges = ranges(&text, rows);
            Ok(ListReply { page: ReplyPage::new(text, ranges), number, total_pages, total_rows, paged: true, proven })
        }
        _ if accepts(ReplyShape::Object) => {
            let row: &RawValue = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
            let proven = prove(form, &[row])?;
            let ranges = ranges(&text, vec![row]);
            Ok(ListReply::whole(ReplyPage::new(text, ranges), proven))
        }
        _ => Err(unexpected("The reply is an object without the list that was asked for.")),
    }
}

/// The object as a page object. One without a list of rows where the product has no pages.
fn page_object<'a>(replies: &Replies, text: &'a str) -> Result<PageObject<'a>, Failure> {
    let Some(members) = &replies.page else { return Ok(PageObject::default()) };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = PageObjectSeed { members, replies }.deserialize(&mut deserializer);
    read.and_then(|object| deserializer.end().map(|()| object)).map_err(|error| unreadable(&error))
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

/// Whether the rows have the members by which the product's are known; `false` leaves the proof to the connector.
///
/// The first row speaks for all: another product's list has no row of this one.
fn prove(form: &ReplyForm<'_>, rows: &[&RawValue]) -> Result<bool, Failure> {
    if rows.iter().any(|row| !row.get().starts_with('{')) {
        return Err(unexpected("The reply's list holds something else than objects."));
    }
    let Some(first) = rows.first() else { return Ok(true) };
    let mut deserializer = serde_json::Deserializer::from_str(first.get());
    let lacking = Lacking(form.row_members).deserialize(&mut deserializer);
    match lacking.map_err(|_| unexpected("The reply's rows are no objects."))?.first() {
        None => Ok(!form.row_members.is_empty()),
        Some(_) if form.unpublished => Ok(false),
        Some(name) => Err(unexpected(&format!("The reply's rows have no \"{name}\"."))),
    }
}
