//! Exports of lists as CSV and as NDJSON. A cell of CSV that a spreadsheet would run as a formula begins with an apostrophe.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use serde::Serialize;
use soar_host::transfer::guarded;

use crate::parts::Table;
use crate::visit::{Page, PageError, PageResult};

/// The number of rows that an export reads at a time.
pub(crate) const ROWS: i64 = 1_000;

/// Rows of a list, and the position of the rows after them.
pub(crate) type ExportRows = (Table, Option<String>);

/// Lines of an export, and the position of the rows after them.
pub(crate) type ExportLines = (Vec<u8>, Option<String>);

/// Answers with all rows of a list as CSV. `fetch` returns the rows at a position.
pub(crate) async fn csv<F, Fut>(page: Page, name: &'static str, fetch: F) -> PageResult
where
    F: Fn(Page, Option<String>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<ExportRows, PageError>> + Send + 'static,
{
    let fetch = Arc::new(fetch);
    stream(page, name, "csv", move |page, position| {
        let (fetch, is_first) = (Arc::clone(&fetch), position.is_none());
        async move {
            let (table, next) = fetch(page, position).await?;
            let head = is_first.then(|| table.titles().collect::<Vec<_>>());
            let rows = lines(head.into_iter().chain(table.texts())).map_err(|error| PageError::defect(&error))?;
            Ok((rows, next))
        }
    })
    .await
}

/// Answers with all rows of a list, one JSON object per line. `fetch` returns the lines at a position.
pub(crate) async fn ndjson<F, Fut>(page: Page, name: &'static str, fetch: F) -> PageResult
where
    F: Fn(Page, Option<String>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<ExportLines, PageError>> + Send + 'static,
{
    stream(page, name, "ndjson", fetch).await
}

/// Values as one JSON object per line.
pub(crate) fn json_lines<T: Serialize>(values: &[T]) -> Result<Vec<u8>, PageError> {
    let mut text = Vec::new();
    for value in values {
        serde_json::to_writer(&mut text, value).map_err(|error| PageError::defect(&error))?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Answers with a file of lines. A store that fails while the lines are sent ends the download early, which the browser
/// reports.
async fn stream<F, Fut>(page: Page, name: &'static str, format: &'static str, fetch: F) -> PageResult
where
    F: Fn(Page, Option<String>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<ExportLines, PageError>> + Send + 'static,
{
    let (first, next) = fetch(page.clone(), None).await?;
    page.exported("", &format!("{name} as {}", format.to_uppercase())).await?;
    let parts = unfold((Some(first), next, page, fetch), |(ready, next, page, fetch)| async move {
        if let Some(ready) = ready {
            return Some((Ok::<_, std::io::Error>(Bytes::from(ready)), (None, next, page, fetch)));
        }
        match fetch(page.clone(), Some(next?)).await {
            Ok((lines, next)) => Some((Ok(Bytes::from(lines)), (None, next, page, fetch))),
            Err(_) => {
                let error = std::io::Error::other("the rows could not be read");
                Some((Err(error), (None, None, page, fetch)))
            }
        }
    });
    // The compression asks again after the end.
    Ok(attachment(name, format, Body::from_stream(parts.fuse())))
}

/// The answer with a file of this name and format.
pub(crate) fn attachment(name: &str, format: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let media_type = if format == "csv" { "text/csv; charset=utf-8" } else { "application/x-ndjson" };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{format}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

fn lines<'a>(rows: impl Iterator<Item = Vec<&'a str>>) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.into_iter().map(guarded)).map_err(std::io::Error::other)?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
