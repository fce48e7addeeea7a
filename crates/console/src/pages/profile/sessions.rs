//! `POST /profile/sessions`: ends the user's other sessions.

use axum::Router;

use crate::routing::post;
use crate::visit::{Notice, Page, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/profile/sessions", post(end_others))
}

async fn end_others(page: Page) -> PageResult {
    page.sign_in().end_others(page.context()?, page.session()?).await?;
    page.lead_to("/profile", Some(Notice::done("Your other sessions have ended.")))
}
