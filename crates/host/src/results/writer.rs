//! Writes the pages of a run to the content of its result.

use std::io;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use soar_connector::{ReplyPage, RowReader, Sink, SinkError};
use soar_store::model::UserId;

use super::Results;
use super::content::{ContentError, ROWS, ResultContent, VALUES};
use super::kept_run::KeptRun;

/// The rows and values that wait for a whole chunk.
#[derive(Debug, Default)]
struct Pending {
    rows: Vec<Vec<Value>>,
    keys: Vec<Vec<Value>>,
}

/// A sink that keeps all pages in a result.
#[derive(Debug)]
struct ResultWriter {
    results: Results,
    user: UserId,
    content: Arc<ResultContent>,
    /// Missing while a page is being written.
    state: Option<(RowReader, Pending)>,
}

impl Results {
    /// The sink that keeps the pages of a run.
    pub(crate) fn writer(&self, run: &KeptRun) -> Box<dyn Sink + Sync> {
        let command = &run.command;
        let pending = Pending { rows: Vec::new(), keys: vec![Vec::new(); command.key_fields.len()] };
        let state = Some((RowReader::new(command), pending));
        Box::new(ResultWriter { results: self.clone(), user: run.user, content: Arc::clone(&run.content), state })
    }
}

#[async_trait]
impl Sink for ResultWriter {
    async fn page(&mut self, page: ReplyPage) -> Result<(), SinkError> {
        let failed = |error: ContentError| SinkError::Output(io::Error::other(error));
        let Some((reader, mut pending)) = self.state.take() else {
            return Err(SinkError::Output(io::Error::other("The result is not written any more.")));
        };
        self.results.make_room(self.user, &self.content, page.body().len())?;
        let content = Arc::clone(&self.content);
        let written = tokio::task::spawn_blocking(move || {
            for row in page.rows() {
                let row = reader.read(row)?;
                pending.rows.push(reader.cells(&row));
                for (values, new) in pending.keys.iter_mut().zip(reader.keys(&row)) {
                    values.extend(new);
                }
            }
            content.take(&mut pending).map_err(failed)?;
            if let Some(raw) = page.into_raw() {
                content.add_raw(raw.get().as_bytes()).map_err(failed)?;
            }
            Ok::<_, SinkError>((reader, pending))
        });
        let state = written.await.map_err(|error| SinkError::Output(io::Error::other(error)))??;
        self.state = Some(state);
        Ok(())
    }
}

impl ResultContent {
    /// Writes what is pending. Rows beyond the last whole chunk get a chunk that the next call replaces.
    fn take(&self, pending: &mut Pending) -> Result<(), ContentError> {
        let mut layout = self.layout.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = layout.rows / ROWS;
        layout.row_chunks.truncate(whole);
        let before = whole * ROWS;
        for rows in pending.rows.chunks(ROWS) {
            let chunk = self.file.append(&serde_json::to_vec(rows)?)?;
            layout.row_chunks.push(chunk);
        }
        layout.rows = before + pending.rows.len();
        pending.rows.drain(..pending.rows.len() / ROWS * ROWS);
        for (field, values) in layout.keys.iter_mut().zip(&mut pending.keys) {
            let whole = field.total / VALUES;
            field.chunks.truncate(whole);
            for part in values.chunks(VALUES) {
                field.chunks.push(self.file.append(&serde_json::to_vec(part)?)?);
            }
            field.total = whole * VALUES + values.len();
            values.drain(..values.len() / VALUES * VALUES);
        }
        Ok(())
    }

    fn add_raw(&self, body: &[u8]) -> Result<(), ContentError> {
        let chunk = self.file.append(body)?;
        self.layout.lock().unwrap_or_else(PoisonError::into_inner).raw.push(chunk);
        Ok(())
    }
}
