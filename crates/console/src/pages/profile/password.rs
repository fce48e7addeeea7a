//! `POST /profile/password`: a new password.

use axum::Router;
use secrecy::ExposeSecret as _;
use soar_host::sign_in::SignInError;

use super::overview::{ProfileForms, profile};
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/profile/password", post(change))
}

async fn change(page: Page, mut form: Form) -> PageResult {
    let [old, new, again] = ["old", "new", "again"].map(|name| form.secret(name));
    if new.expose_secret() != again.expose_secret() {
        form.wrong("again", "The two new passwords differ.");
    }
    if !form.is_wrong() {
        match page.sign_in().change_password(page.context()?, page.session()?, &old, &new).await {
            Ok(()) => {
                let notice = Notice::done("The password is changed. Your other sessions have ended.");
                return page.lead_to("/profile", Some(notice));
            }
            Err(SignInError::Refused) => form.wrong("old", "The current password is wrong."),
            Err(SignInError::Password(problem)) => form.wrong("new", problem.to_string()),
            Err(error) => page.account_refused(&mut form, error)?,
        }
    }
    page.show_again(&profile(&page, ProfileForms { password: form, ..ProfileForms::default() }).await?)
}
