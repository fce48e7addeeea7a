//! Exports of lists as CSV. A cell that a spreadsheet would run as a formula begins with an apostrophe.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use soar_host::transfer::guarded;

use crate::parts::Table;
use crate::visit::{Answer, Page, PageError};

/// The number of rows that an export reads at a time.
pub(crate) const ROWS: i64 = 1_000;

/// Rows of a list, and the position of the rows after them.
pub(crate) type Rows = (Table, Option<String>);

/// Answers with all rows of a list as CSV. `fetch` returns the rows at a position. A store that fails while the rows are
/// sent ends the download early, which the browser reports.
pub(crate) async fn csv<F, Fut>(page: Page, name: &'static str, fetch: F) -> Answer
where
    F: Fn(Page, Option<String>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Rows, PageError>> + Send + 'static,
{
    let (table, next) = fetch(page.clone(), None).await?;
    page.exported("", &format!("{name} as CSV")).await?;
    let head = lines(std::iter::once(table.titles().collect::<Vec<_>>())).map_err(|error| PageError::defect(&error))?;
    let rows = lines(table.texts()).map_err(|error| PageError::defect(&error))?;
    let first = [head, rows].concat();
    let start = (Some(first), next, page, Arc::new(fetch));
    let parts = unfold(start, |(ready, next, page, fetch)| async move {
        if let Some(ready) = ready {
            return Some((Ok::<_, std::io::Error>(Bytes::from(ready)), (None, next, page, fetch)));
        }
        let position = next?;
        let found = match fetch(page.clone(), Some(position)).await {
            Ok((table, next)) => lines(table.texts()).map(|rows| (rows, next)),
            Err(_) => Err(std::io::Error::other("the rows could not be read")),
        };
        match found {
            Ok((rows, next)) => Some((Ok(Bytes::from(rows)), (None, next, page, fetch))),
            Err(error) => Some((Err(error), (None, None, page, fetch))),
        }
    });
    // The compression asks again after the end.
    Ok(attachment(name, Body::from_stream(parts.fuse())))
}

/// The answer with a CSV file of this name.
pub(crate) fn attachment(name: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
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
