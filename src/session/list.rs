//! Reads a list whole: page after page, counted against what the server says there is.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use soar_connector::{Page, Receipt};

use super::call::{Call, Wire};
use crate::vendor::{Endpoint, Failure, ListReply, Request};

/// More pages than any list has; a server that promises more is not believed.
const MOST_PAGES: u64 = 100_000;

/// What a command has read.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pages: u64,
    rows: u64,
    total_pages: Option<u64>,
    total_rows: Option<u64>,
    pub(super) missing: Option<String>,
}

impl Totals {
    pub(super) fn count(&mut self, reply: &ListReply) {
        self.pages += 1;
        self.rows += reply.page.len() as u64;
        self.total_pages = reply.total_pages.or(self.total_pages);
        self.total_rows = reply.total_rows.or(self.total_rows);
    }

    pub(super) fn into_receipt(self) -> Receipt {
        Receipt {
            pages: self.pages,
            rows: self.rows,
            total_pages: self.total_pages,
            total_rows: self.total_rows,
            missing: self.missing,
            ..Receipt::default()
        }
    }
}

/// A list that is being read whole.
pub(super) struct WholeList<'e> {
    endpoint: &'e dyn Endpoint,
    request: Request,
    next_page: Option<u64>,
    total_rows: Option<u64>,
    /// Ids of the rows seen, to drop those that come twice because the list shifts while it is read.
    seen: HashSet<String>,
    rows: u64,
    duplicates: u64,
}

impl Call<'_> {
    pub(super) async fn whole<'e>(&mut self, endpoint: &'e dyn Endpoint) -> Result<WholeList<'e>, Failure> {
        let mut request = self.request(endpoint).await?;
        if let Some(size) = endpoint.page_size() {
            request.query.push((size.parameter, size.rows.to_string()));
        }
        Ok(WholeList {
            endpoint,
            request,
            next_page: Some(1),
            total_rows: None,
            seen: HashSet::new(),
            rows: 0,
            duplicates: 0,
        })
    }
}

impl WholeList<'_> {
    /// The next page; `None` after the last.
    pub(super) async fn next(&mut self, wire: &Wire<'_>) -> Result<Option<ListReply>, Failure> {
        let Some(number) = self.next_page else {
            return Ok(None);
        };
        // The first request names no page: a list that is not paged on this instance has none.
        let request = self.request.clone().page((number > 1).then_some(number));
        let mut reply = match wire.fetch(self.endpoint, &request).await {
            // The list became shorter while it was read.
            Err(failure) if number > 1 && failure.is_invalid_page() => {
                self.next_page = None;
                return Ok(None);
            }
            reply => reply?,
        };
        let pages = reply.total_pages.unwrap_or(1);
        if pages > MOST_PAGES {
            return Err(Failure::new(
                "reply-too-large",
                format!("The server promises {pages} pages, more than the {MOST_PAGES} that are read."),
            ));
        }
        if reply.number.is_some_and(|got| got != number) {
            return Err(Failure::new(
                "unexpected-reply",
                format!("The server answered with another page instead of page {number}."),
            ));
        }
        self.next_page = (reply.paged && number < pages && !reply.page.is_empty()).then_some(number + 1);
        self.total_rows = reply.total_rows;
        if reply.paged {
            reply.page = self.without_duplicates(reply.page);
        }
        self.rows += reply.page.len() as u64;
        Ok(Some(reply))
    }

    pub(super) fn total_rows(&self) -> Option<u64> {
        self.total_rows
    }

    /// How many rows the server counts beyond those that came.
    pub(super) fn missing(&self) -> u64 {
        self.total_rows.unwrap_or(0).saturating_sub(self.rows)
    }

    pub(super) fn duplicates(&self) -> u64 {
        self.duplicates
    }

    fn without_duplicates(&mut self, page: Page) -> Page {
        #[derive(Deserialize)]
        struct Row<'a> {
            #[serde(borrow)]
            id: Option<&'a RawValue>,
        }
        let before = page.len();
        let page = page.retain(|row| {
            serde_json::from_str::<Row<'_>>(row)
                .ok()
                .and_then(|row| row.id)
                .is_none_or(|id| self.seen.insert(id.get().to_owned()))
        });
        self.duplicates += (before - page.len()) as u64;
        page
    }
}
