//! The state of a list while its pages come: where it ends, which rows came twice, and what is missing.

use std::collections::HashSet;
use std::hash::BuildHasher as _;

use foldhash::{fast, quality};
use soar_connector::ReplyPage;

use crate::vendor::{Failure, ListReply};

/// How many short pages are named.
const NAMED_PAGES: usize = 5;

/// A list that is read page by page.
#[derive(Debug, Default)]
pub(super) struct WholeList {
    seen: SeenRows,
    rows: u64,
    duplicates: u64,
    /// The highest number of pages that the server gave; unknown unless it gave one.
    pages: Option<u64>,
    has_ended: bool,
    /// Rows of the largest page, which every page but the last has too.
    page_size: usize,
    /// The lowest, the highest and the last count of rows that the server gave.
    lowest_total: Option<u64>,
    highest_total: Option<u64>,
    last_total: Option<u64>,
    /// Pages with fewer rows than the others, and pages that the server promised and then did not have.
    short_pages: Vec<u64>,
    lost_pages: Vec<u64>,
    /// The page that repeated earlier rows, which ended the list.
    repeated_page: Option<u64>,
}

impl WholeList {
    /// Counts page `number`. Returns it without duplicate rows, or nothing if it is gone or repeats earlier rows alone.
    ///
    /// # Errors
    /// `unexpected-reply` for new rows under another page's number.
    pub(super) fn take(&mut self, number: u64, reply: Option<ListReply>) -> Result<Option<ListReply>, Failure> {
        let Some(mut reply) = reply else {
            match self.pages {
                Some(_) => self.lost_pages.push(number),
                None => self.has_ended = true,
            }
            return Ok(None);
        };
        if !reply.paged {
            self.has_ended = true;
            self.rows += reply.page.len() as u64;
            return Ok(Some(reply));
        }
        if self.rows > 0 && reply.page.is_empty() {
            // "0 pages" of a page past the last says nothing of the list.
            reply.total_pages = reply.total_pages.filter(|pages| *pages > 0);
            reply.total_rows = reply.total_rows.filter(|total| *total > 0);
        }
        let came = reply.page.len();
        self.pages = self.pages.max(reply.total_pages);
        if self.pages != Some(1) {
            reply.page = self.seen.retain_new(reply.page);
        }
        self.duplicates += (came - reply.page.len()) as u64;
        self.lowest_total = self.lowest_total.into_iter().chain(reply.total_rows).min();
        self.highest_total = self.highest_total.max(reply.total_rows);
        self.last_total = reply.total_rows.or(self.last_total);
        if came > 0 && came >= self.page_size && reply.page.is_empty() {
            self.end_at_repeated(number, reply.number);
            return Ok(None);
        }
        if let Some(got) = reply.number.filter(|got| *got != number) {
            let text = format!(
                "The server answered with page {got} instead of page {number}, so the list cannot be read whole."
            );
            return Err(Failure::new("unexpected-reply", text));
        }
        self.page_size = self.page_size.max(came);
        match self.pages {
            Some(pages) if reply.shortfall() > 0 || (number < pages && came < self.page_size) => {
                self.short_pages.push(number);
            }
            Some(_) => {}
            None => self.has_ended = came < self.page_size || came == 0,
        }
        self.rows += reply.page.len() as u64;
        Ok(Some(reply))
    }

    /// Ends the list at a page that holds rows of earlier pages and no others.
    ///
    /// A server that counts no pages may answer with the last page, under its number, for each page past it. In all
    /// other cases the server ignores Page.
    fn end_at_repeated(&mut self, number: u64, got: Option<u64>) {
        self.has_ended = true;
        let is_last_again = self.pages.is_none() && got.is_some_and(|got| got > 1 && got < number);
        if !is_last_again {
            self.repeated_page = Some(number);
        }
    }

    /// The last page to ask for from `next` on, while there is one: all that the server counts, else one at a time.
    pub(super) fn read_on_to(&self, next: u64) -> Option<u64> {
        let last = self.pages.unwrap_or(next);
        (!self.has_ended && next <= last).then_some(last)
    }

    /// Whether the server says how many pages there are.
    pub(super) fn counts_pages(&self) -> bool {
        self.pages.is_some()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// How many rows were dropped because an earlier page had held their equals.
    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// A description of the missing rows; `None` when the list is whole by the server's own count.
    pub(super) fn missing(&self) -> Option<String> {
        let short = named(&self.short_pages, "short");
        let lost = named(&self.lost_pages, "gone");
        let repeated = self
            .repeated_page
            .map(|page| format!("page {page} repeats rows of earlier pages, so the server ignores Page"));
        let pages = [lost, short, repeated].into_iter().flatten().collect::<Vec<_>>().join(", and ");
        let total = self.last_total.zip(self.lowest_total).zip(self.highest_total);
        let Some(((total, lowest), highest)) = total else {
            // The server counts no rows, so only whole pages can be told.
            let are_missing = if self.repeated_page.is_some() { "may be" } else { "are" };
            return (!pages.is_empty()).then(|| format!("Rows {are_missing} missing: {pages}."));
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

/// The rows of earlier pages, by a hash of their text: only equal rows are the same row, even if ids repeat.
///
/// The standard hasher takes twice as long for them.
#[derive(Debug, Default)]
struct SeenRows {
    hashes: HashSet<u64, fast::RandomState>,
    hasher: quality::RandomState,
}

impl SeenRows {
    /// The page without the rows that an earlier page had. Equal rows of one page stay: no shift doubles them.
    fn retain_new(&mut self, page: ReplyPage) -> ReplyPage {
        let hashes: Vec<_> = page.rows().map(|row| self.hasher.hash_one(row)).collect();
        let mut of_rows = hashes.iter();
        let page = page.retain(|_| of_rows.next().is_some_and(|hash| !self.hashes.contains(hash)));
        self.hashes.extend(hashes);
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: &[&str]) -> ReplyPage {
        let body = rows.concat();
        let mut end = 0;
        let ranges = rows.iter().map(|row| {
            end += row.len();
            end - row.len()..end
        });
        ReplyPage::new(body.clone(), ranges.collect())
    }

    #[test]
    fn only_equal_rows_of_other_pages_are_duplicates() {
        let mut seen = SeenRows::default();
        let mut kept = |rows: &[&str]| seen.retain_new(page(rows)).len();
        for id in [r#""""#, r#""None""#, "0", "7", "null"] {
            let row = |name: &str| format!(r#"{{"id":{id},"name":"{name}"}}"#);
            let (a, b, c) = (row("a"), row("b"), row("c"));
            assert_eq!(kept(&[&a, &b]), 2, "rows that share an id");
            assert_eq!(kept(&[&b, &c, &c]), 2, "one came before; equal rows of one page are not the list's shift");
            assert_eq!(kept(&[&a, &b, &c]), 0);
        }
    }

    fn reply(rows: &[&str], number: Option<u64>, pages: Option<u64>, total: Option<u64>) -> Option<ListReply> {
        Some(ListReply { page: page(rows), number, total_pages: pages, total_rows: total, paged: true, proven: true })
    }

    #[test]
    fn a_list_whose_pages_nobody_counts_goes_on_until_a_page_is_short_empty_gone_or_repeated() {
        let starts = [r#"{"id":1}"#, r#"{"id":2}"#];
        let ends: [(Option<ListReply>, Option<&str>); 6] = [
            (reply(&[r#"{"id":3}"#], Some(2), None, None), None),
            (reply(&[], Some(2), None, None), None),
            (reply(&[], Some(2), Some(0), Some(0)), None),
            (None, None),
            (reply(&starts, Some(1), None, None), Some("page 2 repeats rows of earlier pages")),
            (reply(&starts, None, None, None), Some("page 2 repeats rows of earlier pages")),
        ];
        for (end, missing) in ends {
            let mut list = WholeList::default();
            list.take(1, reply(&starts, Some(1), None, None)).unwrap();
            assert_eq!(list.read_on_to(2), Some(2));
            list.take(2, end).unwrap();
            assert_eq!(list.read_on_to(3), None);
            match (list.missing(), missing) {
                (None, None) => {}
                (Some(said), Some(expected)) => assert!(said.contains(expected), "{said}"),
                (said, expected) => panic!("{said:?} in place of {expected:?}"),
            }
        }
    }

    #[test]
    fn the_last_page_may_come_again_under_its_own_number() {
        let mut list = WholeList::default();
        let (first, second) = ([r#"{"id":1}"#], [r#"{"id":2}"#]);
        list.take(1, reply(&first, Some(1), None, None)).unwrap();
        list.take(2, reply(&second, Some(2), None, None)).unwrap();
        list.take(3, reply(&second, Some(2), None, None)).unwrap();
        assert_eq!((list.read_on_to(4), list.missing()), (None, None));
    }

    #[test]
    fn a_number_of_pages_that_comes_late_is_believed() {
        let mut list = WholeList::default();
        list.take(1, reply(&[r#"{"id":1}"#], Some(1), None, None)).unwrap();
        list.take(2, reply(&[r#"{"id":2}"#], Some(2), Some(4), None)).unwrap();
        assert_eq!(list.read_on_to(3), Some(4));
    }
}
