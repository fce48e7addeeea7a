//! `/runs/{id}/cancel`: cancels a run, after a question.

use axum::Router;
use soar_store::model::RunId;

use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/runs/{id}/cancel", form(ask, send))
}

async fn ask(page: Page, Path(id): Path<RunId>) -> PageResult {
    let run = page.operations().run(page.context()?, id).await?;
    let own = format!("/runs/{id}");
    let frame = page.frame(format!("Cancel the run {id}?")).below("Runs", "/runs").below(id.to_string(), &own);
    let question = format!("{} ends. What it has changed at the product stays.", run.command);
    let action = page.href(&format!("{own}/cancel"));
    page.show(&ConfirmPage::new(frame, question, action, "Cancel the run", page.href(&own)).dangerous())
}

async fn send(page: Page, Path(id): Path<RunId>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(id)).await;
    }
    let cancelled = page.operations().cancel_run(page.context()?, id).await?;
    let text = if cancelled.was_running { "The run is being cancelled." } else { "The run had already ended." };
    page.lead_to(&format!("/runs/{id}"), Some(Notice::done(text)))
}
