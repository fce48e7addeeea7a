//! Reads a list whole: pages are fetched several at a time, handed on in order, and counted against what the server says.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::RangeInclusive;

use futures_util::stream::{self, StreamExt as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use soar_connector::{Receipt, Sink, hand_on};

use super::call::Wire;
use crate::vendor::{Endpoint, Failure, ListReply, Request, is_invalid_page};

/// How many short pages are named.
const NAMED_PAGES: usize = 5;

/// What a command has read.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pages: u64,
    rows: u64,
    duplicates: u64,
    total_pages: Option<u64>,
    total_rows: Option<u64>,
    /// What is missing, in words.
    pub(super) missing: Option<String>,
}

impl Totals {
    pub(super) fn count(&mut self, reply: &ListReply) {
        self.pages += 1;
        self.rows += reply.page.len() as u64;
        self.total_pages = reply.total_pages.or(self.total_pages);
        self.total_rows = reply.total_rows.or(self.total_rows);
    }

    /// Whether nothing was handed on yet.
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
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
/// Memory holds as many pages as are under way at once, however many there are, and a few bytes a row to know those
/// that come twice because the list shifts while it is read.
pub(super) async fn read_whole(
    wire: &Wire<'_>,
    endpoint: &dyn Endpoint,
    request: &Request,
    totals: &mut Totals,
    sink: &mut dyn Sink,
) -> Result<(), Failure> {
    let mut list = WholeList::default();
    let first = fetch(wire, endpoint, request, 1).await?;
    let mut pages = list.take(1, first, totals, sink).await?;
    let mut next = 2;
    // The list may grow while it is read, so its end is looked at again.
    while next <= pages {
        if pages > wire.limits().most_pages {
            let most = wire.limits().most_pages;
            let text = format!("The list has {pages} pages, more than the {most} that Most Pages allows.");
            return Err(Failure::new("reply-too-large", text));
        }
        let mut replies = stream_pages(wire, endpoint, request, next..=pages);
        next = pages + 1;
        while let Some((number, reply)) = replies.next().await {
            pages = pages.max(list.take(number, reply?, totals, sink).await?);
        }
    }
    totals.missing = list.missing();
    totals.duplicates = list.duplicates;
    Ok(())
}

type Replies<'a> = stream::BoxStream<'a, (u64, Result<Option<ListReply>, Failure>)>;

/// Fetches pages several at a time; they come in order.
fn stream_pages<'a>(
    wire: &'a Wire<'_>,
    endpoint: &'a dyn Endpoint,
    request: &'a Request,
    numbers: RangeInclusive<u64>,
) -> Replies<'a> {
    stream::iter(numbers)
        .map(move |number| async move { (number, fetch(wire, endpoint, request, number).await) })
        .buffered(wire.limits().requests_in_flight)
        .boxed()
}

/// One page; `None` where the server says that there is no such page any more.
async fn fetch(
    wire: &Wire<'_>,
    endpoint: &dyn Endpoint,
    request: &Request,
    number: u64,
) -> Result<Option<ListReply>, Failure> {
    // The first request names no page: a list that is not paged on this instance has none.
    let request = request.clone().page((number > 1).then_some(number));
    let reply = match wire.fetch(endpoint, &request).await {
        Err(failure) if number > 1 && is_invalid_page(&failure) => return Ok(None),
        reply => reply?,
    };
    match reply.number {
        Some(got) if got != number => Err(Failure::new(
            "unexpected-reply",
            format!("The server answered with page {got} instead of page {number}, so the list cannot be read whole."),
        )),
        _ => Ok(Some(reply)),
    }
}

/// What is known of a list while it is read.
#[derive(Debug, Default)]
struct WholeList {
    seen: SeenIds,
    rows: u64,
    duplicates: u64,
    /// Rows of the first page, which every page but the last has too.
    page_size: usize,
    /// The lowest, the highest and the last count of rows that the server gave.
    lowest_total: Option<u64>,
    highest_total: Option<u64>,
    last_total: Option<u64>,
    /// Pages with fewer rows than the others, and pages that the server promised and then did not have.
    short_pages: Vec<u64>,
    lost_pages: Vec<u64>,
    /// Pages whose rows have no ids, by the hash of all their rows: two of them alike are one page sent twice.
    pages_without_ids: HashSet<u64>,
}

impl WholeList {
    /// Counts a page and hands it on; gives the number of pages that there are by now.
    async fn take(
        &mut self,
        number: u64,
        reply: Option<ListReply>,
        totals: &mut Totals,
        sink: &mut dyn Sink,
    ) -> Result<u64, Failure> {
        let Some(mut reply) = reply else {
            self.lost_pages.push(number);
            return Ok(0);
        };
        if self.is_repeated(&reply) {
            let text =
                format!("Page {number} holds the same rows as an earlier page, so the list cannot be read whole.");
            return Err(Failure::new("unexpected-reply", text));
        }
        self.page_size = self.page_size.max(reply.page.len());
        let is_last = reply.total_pages.is_none_or(|pages| number >= pages);
        if reply.shortfall() > 0 || (!is_last && reply.page.len() < self.page_size) {
            self.short_pages.push(number);
        }
        if reply.paged {
            self.lowest_total = self.lowest_total.into_iter().chain(reply.total_rows).min();
            self.highest_total = self.highest_total.max(reply.total_rows);
            self.last_total = reply.total_rows.or(self.last_total);
            let before = reply.page.len();
            reply.page = reply.page.retain(|row| self.seen.is_new(row));
            self.duplicates += (before - reply.page.len()) as u64;
        }
        self.rows += reply.page.len() as u64;
        totals.count(&reply);
        let pages = if reply.paged { reply.total_pages.unwrap_or(1) } else { 1 };
        hand_on(sink, reply.page).await?;
        Ok(pages)
    }

    /// Whether a page without ids came before; where there are ids, its rows are told apart one by one.
    fn is_repeated(&mut self, reply: &ListReply) -> bool {
        let Some(first) = reply.page.rows().next() else { return false };
        if !reply.paged || id_of(first, &self.seen.hasher).is_some() {
            return false;
        }
        let rows: Vec<&str> = reply.page.rows().collect();
        !self.pages_without_ids.insert(self.seen.hasher.hash_one(rows))
    }

    /// What is missing, in words; `None` when the list is whole by the server's own count.
    fn missing(&self) -> Option<String> {
        let short = named(&self.short_pages, "short");
        let lost = named(&self.lost_pages, "gone");
        let pages = [lost, short].into_iter().flatten().collect::<Vec<_>>().join(", and ");
        let total = self.last_total.zip(self.lowest_total).zip(self.highest_total);
        let Some(((total, lowest), highest)) = total else {
            // The server counts no rows, so only whole pages can be told.
            return (!pages.is_empty()).then(|| format!("Rows are missing: {pages}."));
        };
        let lacking = total.saturating_sub(self.rows);
        if lowest != highest {
            let most = lacking.max(highest - lowest);
            return Some(format!(
                "The list changed while it was read, between {lowest} and {highest} rows: up to {most} of them may be missing."
            ));
        }
        let because = if pages.is_empty() { String::new() } else { format!(", and {pages}") };
        match (lacking, self.lost_pages.is_empty()) {
            (0, true) => None,
            (0, false) => Some(format!("Rows may be missing: {pages}.")),
            _ => Some(format!(
                "{lacking} of {total} rows are missing: the server sent {} different rows{because}.",
                self.rows
            )),
        }
    }
}

/// `page 2 is short`, or `pages 2, 3 are short`; nothing for no page.
fn named(numbers: &[u64], what: &str) -> Option<String> {
    let named: Vec<_> = numbers.iter().take(NAMED_PAGES).map(u64::to_string).collect();
    match named.len() {
        0 => None,
        1 => Some(format!("page {} is {what}", named.join(""))),
        _ => Some(format!("pages {} are {what}", named.join(", "))),
    }
}

/// The ids of rows seen so far.
///
/// Lists come sorted by id as a rule, and among ids that only fall, or only rise, none comes twice: the ids are merely
/// kept until one breaks the order, and looked up from then on.
#[derive(Debug, Default)]
struct SeenIds {
    in_order: Vec<u64>,
    looked_up: Option<HashSet<u64>>,
    hasher: RandomState,
}

impl SeenIds {
    /// Whether a row's id was not seen before; a row without an id always counts as new.
    fn is_new(&mut self, row: &str) -> bool {
        let Some(id) = id_of(row, &self.hasher) else { return true };
        if self.looked_up.is_none() && self.keeps_order(id) {
            self.in_order.push(id);
            return true;
        }
        let in_order = &mut self.in_order;
        self.looked_up.get_or_insert_with(|| std::mem::take(in_order).into_iter().collect()).insert(id)
    }

    fn keeps_order(&self, id: u64) -> bool {
        match *self.in_order.as_slice() {
            [] => true,
            [only] => id != only,
            [.., before, last] => {
                if before > last {
                    id < last
                } else {
                    id > last
                }
            }
        }
    }
}

/// A row's id, as a number: an integer as it is, anything else by its hash.
fn id_of(row: &str, hasher: &RandomState) -> Option<u64> {
    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    leading_id(row).or_else(|| {
        let id = serde_json::from_str::<Row<'_>>(row).ok()?.id?.get();
        Some(id.parse().unwrap_or_else(|_| hasher.hash_one(id)))
    })
}

/// The integer id of a row that starts with it, as the vendor's do: found without parsing the rest.
fn leading_id(row: &str) -> Option<u64> {
    let rest = row.strip_prefix('{')?.trim_start().strip_prefix("\"id\"")?.trim_start().strip_prefix(':')?.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, after) = rest.split_at(digits);
    // A row could name its id twice; the parser would take the last.
    if !matches!(after.trim_start().as_bytes().first(), Some(b',' | b'}')) {
        return None;
    }
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_wherever_it_stands() {
        let mut seen = SeenIds::default();
        assert!(seen.is_new(r#"{"id":7,"name":"a"}"#));
        assert!(!seen.is_new(r#"{ "id" : 7 }"#));
        assert!(!seen.is_new(r#"{"name":"b","id":7}"#));
        assert!(seen.is_new(r#"{"id":"7"}"#));
        assert!(!seen.is_new(r#"{"name":"c","id":"7"}"#));
        assert!(seen.is_new(r#"{"id":70}"#));
        assert!(seen.is_new(r#"{"name":"no id"}"#) && seen.is_new(r#"{"name":"no id"}"#));
    }

    #[test]
    fn ids_are_known_again_in_whatever_order_they_come() {
        for ids in [vec![9, 7, 5, 7, 3, 9, 1], vec![1, 2, 3, 3, 2, 4, 1], vec![5, 5, 5], vec![1, 5, 2, 5, 1, 9]] {
            let (mut seen, mut reference) = (SeenIds::default(), HashSet::new());
            for id in ids {
                assert_eq!(seen.is_new(&format!("{{\"id\":{id}}}")), reference.insert(id), "{id}");
            }
        }
    }

    #[test]
    fn only_whole_integers_are_taken_without_parsing() {
        assert_eq!(leading_id(r#"{"id":12,"x":1}"#), Some(12));
        for row in [r#"{"id":1.5}"#, r#"{"id":-1}"#, r#"{"id":null}"#, r#"{"idx":1}"#, "{}", "[]", r#"{"id":1e3}"#] {
            assert_eq!(leading_id(row), None, "{row}");
        }
    }
}
