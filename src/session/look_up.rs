//! Looks rows of a list up by their ids, for commands that need to know whether something is there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use soar_connector::{ReplyPage, RowReader, Sink, SinkError, cell_text};

use super::Call;
use super::list::{Totals, read_whole};
use crate::vendor::{Endpoint, Failure};

impl Call<'_> {
    /// The text of `wanted` by `id`, of every row of a list; for handlers that look something up.
    pub(crate) async fn look_up(&mut self, endpoint: &dyn Endpoint, wanted: &'static str) -> Result<LookedUp, Failure> {
        let request = self.whole_request(endpoint).await?;
        let mut rows = LookUp { wanted, reader: RowReader::of_members(&["id", wanted]), found: BTreeMap::new() };
        let mut totals = Totals::default();
        read_whole(&self.wire, endpoint, &request, &mut totals, &mut rows).await?;
        Ok(LookedUp { list: endpoint.command(), found: rows.found, missing: totals.missing })
    }
}

/// The rows of a list by id, and whether they are all.
#[derive(Debug)]
pub(crate) struct LookedUp {
    list: &'static str,
    found: BTreeMap<i64, String>,
    missing: Option<String>,
}

impl LookedUp {
    /// The text of the row `id`; `None` when the list has no such row.
    ///
    /// # Errors
    /// `unexpected-reply` when the list is incomplete and may hold the row.
    pub(crate) fn get(&self, id: i64) -> Result<Option<&str>, Failure> {
        match (self.found.get(&id), &self.missing) {
            (Some(text), _) => Ok(Some(text)),
            (None, None) => Ok(None),
            (None, Some(missing)) => {
                let text = format!("{id} was looked for in {}, which did not come whole: {missing}", self.list);
                Err(Failure::new("unexpected-reply", text))
            }
        }
    }

    /// How many rows came.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }
}

/// Takes the rows of a list that a handler looks something up in.
struct LookUp {
    wanted: &'static str,
    reader: RowReader,
    found: BTreeMap<i64, String>,
}

#[async_trait]
impl Sink for LookUp {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        for row in page.rows() {
            let row = self.reader.read(row)?;
            // This API writes numbers as text too.
            let id = row.get("id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.trim().parse().ok()));
            if let Some(id) = id {
                self.found.insert(id, row.get(self.wanted).map(cell_text).unwrap_or_default());
            }
        }
        Ok(())
    }
}
