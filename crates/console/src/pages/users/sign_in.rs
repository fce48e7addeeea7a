//! `POST /users/{name}/end-sessions` and `POST /users/{name}/reset-app`: ends sessions, and removes an authenticator app.

use axum::Router;

use super::address;
use super::one::{UserForms, shown};
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/users/{name}/end-sessions", post(end)).route("/users/{name}/reset-app", post(reset))
}

async fn end(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return again(&page, &name, form).await;
    }
    let ended = page.operations().end_sessions(page.context()?, &name).await?.ended;
    page.lead_to(&address(&name), Some(Notice::done(format!("Ended sessions: {ended}."))))
}

async fn reset(page: Page, Path(name): Path<String>, form: Form) -> PageResult {
    if form.is_wrong() {
        return again(&page, &name, form).await;
    }
    let removed = page.operations().reset_totp(page.context()?, &name).await?.removed;
    let text = if removed { "The authenticator app is removed." } else { "The user has no authenticator app." };
    page.lead_to(&address(&name), Some(Notice::done(text)))
}

async fn again(page: &Page, name: &str, form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let user = page.operations().user(page.context()?, name).await?;
    let shown = shown(page, &user, &UserForms { sign_in: form, ..UserForms::default() }).await?;
    page.show_again(&shown)
}
