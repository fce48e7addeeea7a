//! `/integrations/{id}/connections/{connection}/remove`: removes a connection, after a question.

use axum::Router;

use super::{address, found, frame, managed};
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}/connections/{connection}/remove", form(ask, send))
}

async fn ask(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = managed(&page, &id, connection).await?;
    let own = address(&id, stored.id);
    let frame = frame(&page, &format!("Remove {}", stored.name), &*plugin).below(&stored.name, &own);
    let question = "The connection and its secrets are deleted, with its schedules. The history of its runs stays.";
    let confirm = ConfirmPage::new(frame, question, page.href(&format!("{own}/remove")), "Remove", page.href(&own));
    page.show(&confirm.dangerous())
}

async fn send(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let stored = found(&page, &id, connection).await?;
    let removed = page.operations().remove_connection(page.context()?, stored.id).await?;
    let notice = Notice::done(format!("The connection {} is removed.", removed.name));
    page.lead_to(&format!("/integrations/{id}"), Some(notice))
}
