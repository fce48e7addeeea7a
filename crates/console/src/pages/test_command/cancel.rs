//! `POST /test-command/runs/{id}/cancel`: cancels a run.

use axum::Router;

use super::address;
use crate::routing::post;
use crate::visit::{Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/test-command/runs/{id}/cancel", post(send))
}

async fn send(page: Page, Path(id): Path<String>) -> PageResult {
    page.operations().cancel_kept_run(page.context()?, &id).await?;
    page.lead_to(&address(&id), Some(Notice::done("The run is being cancelled.")))
}
