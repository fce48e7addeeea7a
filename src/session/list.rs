//! Reads a list whole: pages are fetched several at a time where their number is known, and handed on in order.

use std::ops::RangeInclusive;

use futures_util::stream::{self, StreamExt as _};
use soar_connector::{Receipt, Sink, Step, hand_on};

use super::whole_list::WholeList;
use super::wire::Wire;
use crate::vendor::{Endpoint, Failure, LevelProof, ListReply, VendorRequest};

/// The counts of the pages and rows that a command has read.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pages: u64,
    rows: u64,
    duplicates: u64,
    total_pages: Option<u64>,
    total_rows: Option<u64>,
    /// A description of the missing rows.
    pub(super) missing: Option<String>,
    /// The watch over rows that were asked for by their risk level.
    pub(super) level: Option<LevelProof>,
    /// Whether the list is one of several of the command: progress tells of the whole command.
    is_silent: bool,
    /// Whether a reply was a page object.
    is_paged: bool,
}

impl Totals {
    /// Counts one of several lists of a command.
    pub(super) fn silent() -> Self {
        Self { is_silent: true, ..Self::default() }
    }

    /// Counts replies whose rows are not handed on as they came.
    pub(super) fn add_replies(&mut self, pages: u64, duplicates: u64) {
        self.pages += pages;
        self.duplicates += duplicates;
    }

    /// Counts rows that are handed on.
    pub(super) fn add_rows(&mut self, rows: u64) {
        self.rows += rows;
    }

    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    pub(super) fn is_paged(&self) -> bool {
        self.is_paged
    }

    /// Counts a reply whose rows are to be handed on.
    ///
    /// # Errors
    /// `filter-ignored` where its rows are of other levels than was asked for.
    pub(super) fn count(&mut self, reply: &ListReply) -> Result<(), Failure> {
        if let Some(level) = &mut self.level {
            level.look_at(&reply.page)?;
        }
        self.is_paged |= reply.paged;
        self.pages += 1;
        self.rows += reply.page.len() as u64;
        self.total_pages = reply.total_pages.or(self.total_pages);
        self.total_rows = reply.total_rows.or(self.total_rows);
        Ok(())
    }

    /// Tells how much is read.
    fn tell(&self, wire: &Wire<'_>) {
        if self.is_silent {
            return;
        }
        let (rows, pages, total_pages) = (self.rows, self.pages, self.total_pages);
        wire.context.progress.tell(Step::Read { rows, pages, total_pages });
    }

    pub(super) fn into_receipt(self) -> Receipt {
        Receipt {
            pages: self.pages,
            rows: self.rows,
            duplicates_dropped: self.duplicates,
            total_pages: self.total_pages,
            total_rows: self.total_rows,
            missing: self.missing,
            ..Receipt::default()
        }
    }
}

/// Reads all pages of the list that `request` names and hands them on to `sink`; says in `totals` what is missing.
///
/// Memory holds the pages in flight, and a few bytes per row to find duplicates, which come if the list shifts while it
/// is read.
pub(super) async fn read_whole(
    wire: &Wire<'_>,
    endpoint: &dyn Endpoint,
    request: &VendorRequest,
    totals: &mut Totals,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut list = WholeList::default();
    let first = fetch(wire, endpoint, request, 1).await?;
    take(&mut list, 1, first, totals, sink).await?;
    totals.tell(wire);
    let mut next = 2;
    // The list may grow while it is read, so its end is looked at again.
    while let Some(last) = list.read_on_to(next) {
        check_size(last, wire.limits().most_pages, list.counts_pages())?;
        let mut replies = stream_pages(wire, endpoint, request, next..=last);
        next = last + 1;
        while let Some((number, reply)) = replies.next().await {
            take(&mut list, number, reply?, totals, sink).await?;
            totals.tell(wire);
            if list.has_ended() {
                break;
            }
        }
    }
    totals.missing = list.missing();
    totals.duplicates = list.duplicates();
    Ok(())
}

/// Refuses a list of more pages than the settings allow.
fn check_size(pages: u64, most: u64, is_counted: bool) -> Result<(), Failure> {
    if pages <= most {
        return Ok(());
    }
    let pages = if is_counted { pages.to_string() } else { "an unknown number of".to_owned() };
    let text = format!("The list has {pages} pages, more than the {most} that Most Pages allows.");
    Err(Failure::new("reply-too-large", text))
}

type ReplyStream<'a> = stream::BoxStream<'a, (u64, Result<Option<ListReply>, Failure>)>;

/// Fetches pages several at a time; they come in order.
fn stream_pages<'a>(
    wire: &'a Wire<'_>,
    endpoint: &'a dyn Endpoint,
    request: &'a VendorRequest,
    numbers: RangeInclusive<u64>,
) -> ReplyStream<'a> {
    stream::iter(numbers)
        .map(move |number| async move { (number, fetch(wire, endpoint, request, number).await) })
        .buffered(wire.limits().requests_in_flight)
        .boxed()
}

/// One page; `None` where the server says that there is no such page any more.
async fn fetch(
    wire: &Wire<'_>,
    endpoint: &dyn Endpoint,
    request: &VendorRequest,
    number: u64,
) -> Result<Option<ListReply>, Failure> {
    // The first request names no page: a list that is not paged on this instance has none.
    let request = request.clone().page((number > 1).then_some(number));
    match wire.fetch(endpoint, &request).await {
        // The list is there, since its first page came: only the page can be missing, whatever the server's language.
        Err(failure) if number > 1 && failure.has_status(&[404]) => Ok(None),
        reply => reply.map(Some),
    }
}

/// Counts a page, or its absence, and hands on the rows that came for the first time.
async fn take(
    list: &mut WholeList,
    number: u64,
    reply: Option<ListReply>,
    totals: &mut Totals,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let Some(reply) = list.take(number, reply)? else { return Ok(()) };
    totals.count(&reply)?;
    hand_on(sink, reply.page).await
}
