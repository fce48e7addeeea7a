//! `/set-up`: the page of a one-time link, on which a user chooses a password.

use askama::Template;
use axum::Router;
use axum::routing::get;
use secrecy::ExposeSecret as _;

use crate::parts::{Field, FormErrors};
use crate::visit::{Answer, Form, Frame, Page, Path};

#[derive(Debug, Template)]
#[template(path = "sign_in/set_up.html")]
struct SetUpPage {
    frame: Frame,
    errors: FormErrors,
    password: Field,
    again: Field,
}

pub(super) fn routes() -> Router {
    Router::new().route("/set-up/{token}", get(show).post(choose))
}

async fn show(page: Page, Path(_token): Path<String>) -> Answer {
    page.show(&of(&page, &Form::empty()))
}

async fn choose(page: Page, Path(_token): Path<String>, mut form: Form) -> Answer {
    let (password, again) = (form.secret("password"), form.secret("again"));
    if password.expose_secret() != again.expose_secret() {
        form.wrong("again", "The two passwords differ.");
    }
    page.show_again(&of(&page, &form))
}

fn of(page: &Page, form: &Form) -> SetUpPage {
    SetUpPage {
        frame: page.frame("Choose a password"),
        errors: FormErrors::of(form),
        password: Field::secret("password", "New password").required().autocomplete("new-password").focused().of(form),
        again: Field::secret("again", "New password again").required().autocomplete("new-password").of(form),
    }
}
