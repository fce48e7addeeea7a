//! The sink that reads the rows of a findings source into the stage.

use std::io;

use async_trait::async_trait;
use serde_json::Value;
use soar_connector::{FindingReader, Page, RowReader, Sink, SinkError};
use soar_store::{Stage, StoreError};

use super::compare::staged;

/// Reads findings into a stage.
pub(super) struct FindingSink<'s> {
    pub(super) reader: FindingReader<'s>,
    pub(super) stage: &'s mut Stage,
    /// Rows that are findings.
    pub(super) rows: i64,
    /// Rows that are not, and the problem of the first one.
    pub(super) unreadable: i64,
    pub(super) problem: Option<String>,
    /// The error of the store that ended reading.
    pub(super) failed: Option<StoreError>,
}

#[async_trait]
impl Sink for FindingSink<'_> {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        for row in page.rows() {
            let read = self.reader.read(row).map_err(|problem| problem.to_string());
            match read.and_then(|(finding, key)| staged(finding, &key).map_err(|error| error.to_string())) {
                Ok(row) => {
                    self.rows += 1;
                    if let Err(error) = self.stage.add(row).await {
                        let text = error.to_string();
                        self.failed = Some(error);
                        return Err(SinkError::Output(io::Error::other(text)));
                    }
                }
                Err(problem) => {
                    self.unreadable += 1;
                    self.problem.get_or_insert(problem);
                }
            }
        }
        Ok(())
    }
}

/// Hands the rows of a list to a function, one by one.
pub(super) struct RowSink<F>(pub(super) F);

#[async_trait]
impl<F: FnMut(&Value) + Send> Sink for RowSink<F> {
    async fn page(&mut self, page: Page) -> Result<(), SinkError> {
        let reader = RowReader::whole();
        for row in page.rows() {
            (self.0)(&reader.read(row)?);
        }
        Ok(())
    }
}
