//! Cuts lists into the vendor's page objects, and misnumbers them when a fault says so.

use std::ops::Range;

use serde::Serialize;

use crate::{
    call::RoutedRequest,
    dialect::EndpointForm,
    fault::{PageFault, TotalsForm},
    reply::{Reply, write_rows},
};

/// The longest page that `pageSize` gives; a larger number is cut to it.
const LARGEST: u64 = 1_000;

/// A list's answer for a page past its last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PastLast {
    /// As the instance's dialect says: 404 or an empty page.
    ByGeneration,
    /// 404 on every generation.
    NotFound,
}

/// Which rows to show, and what to say about the rest.
#[derive(Clone, Debug)]
pub(crate) struct PageSlice {
    number: u64,
    total_pages: u64,
    total_count: u64,
    totals: TotalsForm,
    /// Positions of the rows in the list, from 0.
    pub(crate) rows: Range<u64>,
}

impl PageSlice {
    /// Reads `page` and the parameter that names the page size, and finds the rows among `total`.
    pub(crate) fn of(
        call: &RoutedRequest<'_>,
        size_parameter: Option<&str>,
        past_last: PastLast,
        total: u64,
    ) -> Result<Self, Reply> {
        let asked: u64 = match call.query.get("page") {
            None => 1,
            Some(text) => text.parse().map_err(|_| Reply::invalid_page())?,
        };
        if asked == 0 {
            return Err(Reply::invalid_page());
        }
        // Clients of the vendor's set `size` to 10^18 to get a whole list, so it has no limit.
        let longest = if size_parameter == Some("size") { u64::MAX } else { LARGEST };
        let size = size_parameter
            .and_then(|name| call.query.number(name))
            .filter(|size| *size > 0)
            .unwrap_or(u64::from(call.world.options.page_size))
            .min(longest);
        let number = match call.page_fault {
            Some(PageFault::Repeat) => asked.saturating_sub(1).max(1),
            _ => asked,
        };
        // A row that came in at the front after page 1 was read: later pages start one row earlier.
        let inserted = u64::from(call.page_fault == Some(PageFault::Shift) && number > 1);
        let total_count = total + inserted;
        let total_pages = total_count.div_ceil(size).max(1);
        let totals = match call.page_fault {
            Some(PageFault::Totals(totals)) => totals,
            _ => TotalsForm::default(),
        };
        if number > total_pages {
            let refuses = past_last == PastLast::NotFound || call.dialect().past_last == EndpointForm::Legacy;
            if refuses {
                return Err(Reply::invalid_page());
            }
            return Ok(Self { number, total_pages, total_count, totals, rows: 0..0 });
        }
        let start = (number - 1) * size - inserted;
        let mut end = (start + size).min(total);
        if call.page_fault == Some(PageFault::Short) && end > start {
            end -= 1;
        }
        Ok(Self { number, total_pages, total_count, totals, rows: start..end })
    }

    /// The page object of a list that is never cut into pages.
    pub(crate) fn whole_reply<T: Serialize>(mut self, rows: impl IntoIterator<Item = T>) -> Reply {
        (self.number, self.total_pages) = (1, 1);
        self.reply(rows)
    }

    /// The page object with these rows.
    pub(crate) fn reply<T: Serialize>(&self, rows: impl IntoIterator<Item = T>) -> Reply {
        let totals = self.totals.members(self.total_pages, self.total_count);
        let mut body = format!("{{\"page\":{},{totals}\"items\":[", self.number).into_bytes();
        // Most rows are a few hundred bytes: one allocation for the usual page.
        body.reserve(usize::try_from(self.rows.end - self.rows.start).unwrap_or(0) * 640);
        Reply::from_json(write_rows(&mut body, rows).map(|()| {
            body.extend_from_slice(b"]}");
            body
        }))
    }
}

/// The rows of a list that comes as a plain array, without the last if a fault says so.
pub(crate) fn whole(call: &RoutedRequest<'_>, total: u64) -> Range<u64> {
    let dropped = u64::from(call.page_fault == Some(PageFault::Short));
    0..total.saturating_sub(dropped)
}
