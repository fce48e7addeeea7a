//! `/keys/{name}/revoke`: revokes a key, after a question.

use axum::Router;

use crate::pages::named::name_segment;
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/keys/{name}/revoke", form(ask, send))
}

async fn ask(page: Page, Path(name): Path<String>) -> PageResult {
    let key = page.operations().key(page.context()?, &name).await?;
    let frame = page.frame(format!("Revoke the key {}?", key.name)).below("Keys", "/keys");
    let question = "Calls with the key are refused from now on. This cannot be undone.";
    let action = page.href(&format!("/keys/{}/revoke", name_segment(&name)));
    page.show(&ConfirmPage::new(frame, question, action, "Revoke", page.href("/keys")).dangerous())
}

async fn send(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(name)).await;
    }
    let key = page.operations().revoke_key(page.context()?, &name).await?;
    page.lead_to("/keys", Some(Notice::done(format!("The key {} is revoked.", key.name))))
}
