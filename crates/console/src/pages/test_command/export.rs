//! `GET /test-command/runs/{id}/result.csv`: all rows of a result as CSV.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use soar_connector::cell_text;
use soar_host::results::{ContentError, ResultContent};
use soar_host::transfer::guarded;

use super::run::found;
use crate::export::attachment;
use crate::routing::get;
use crate::visit::{Page, PageError, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/test-command/runs/{id}/result.csv", get(download))
}

async fn download(page: Page, Path(id): Path<String>) -> PageResult {
    let run = found(&page, &id)?;
    page.exported(&run.site.name, &format!("{}: {} rows as CSV", run.command.name, run.content.row_count())).await?;
    let content = Arc::clone(&run.content);
    let head =
        csv([content.columns().iter().map(String::as_str)].into_iter()).map_err(|error| PageError::defect(&error))?;
    // The number of the next chunk. A chunk that cannot be read ends the download, whose length is not announced.
    let parts = unfold((Some(head), 0_usize, content), |(head, number, content)| async move {
        if let Some(head) = head {
            return Some((Ok::<_, std::io::Error>(Bytes::from(head)), (None, number, content)));
        }
        let reading = Arc::clone(&content);
        let part = tokio::task::spawn_blocking(move || part(&reading, number)).await;
        match part.map_err(std::io::Error::other).and_then(|part| part.map_err(std::io::Error::other)) {
            Ok(part) if part.is_empty() => None,
            Ok(part) => Some((Ok(Bytes::from(part)), (None, number + 1, content))),
            Err(error) => Some((Err(error), (None, usize::MAX, content))),
        }
    });
    // The compression asks again after the end.
    let name = soar_connector::name::normalised(&run.command.name);
    Ok(attachment(&name, "csv", Body::from_stream(parts.fuse())))
}

fn part(content: &ResultContent, number: usize) -> Result<Vec<u8>, ContentError> {
    let rows = content.row_chunk(number)?;
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|value| guarded(&cell_text(value))).collect()).collect();
    csv(rows.iter().map(|row| row.iter().map(String::as_str))).map_err(ContentError::File)
}

fn csv<'a>(rows: impl Iterator<Item = impl Iterator<Item = &'a str>>) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.map(str::as_bytes)).map_err(std::io::Error::other)?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
