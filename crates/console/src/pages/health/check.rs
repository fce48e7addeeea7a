//! `POST /health/{id}/check`: tests a connection now. The result is a check in the connection's history.

use axum::Router;
use soar_store::model::ConnectionId;

use super::address;
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/health/{id}/check", post(send))
}

async fn send(page: Page, Path(id): Path<ConnectionId>, form: Form) -> PageResult {
    // The end of the session interrupted the form. The page of the connection has its button.
    if form.is_wrong() {
        return page.lead_to(&address(id), None);
    }
    let tested = page.operations().test_connection(page.context()?, id, None).await?;
    let passed = page.tried(tested).await?.passed;
    let notice = if passed { Notice::done("The check passed.") } else { Notice::failed("The check failed.") };
    page.lead_to(&address(id), Some(notice))
}
