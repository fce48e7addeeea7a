//! `POST /sign-out`: ends the session.

use axum::Router;
use axum::http::header;

use crate::routing::post;
use crate::visit::{Notice, Page, PageResult, SessionCookie};

pub(super) fn routes() -> Router {
    Router::new().route("/sign-out", post(sign_out))
}

async fn sign_out(page: Page) -> PageResult {
    page.sign_in().end(page.context()?, page.session()?).await?;
    let mut response = page.lead_to("/sign-in", Some(Notice::done("You are signed out.")))?;
    if let Some(cookie) = SessionCookie::new(page.is_secure()).delete() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
