//! `/password/…`: the page of a one-time link, on which a user sets a password.

use askama::Template;
use axum::Router;
use secrecy::{ExposeSecret as _, SecretString};
use soar_host::sign_in::{LinkToRedeem, SignInError};
use soar_store::model::User;

use crate::parts::{Field, FormErrors, Hidden};
use crate::routing::form;
use crate::visit::{Form, Frame, Notice, Page, PageError, PageResult, Path};

#[derive(Debug, Template)]
#[template(path = "sign_in/password.html")]
struct PasswordPage {
    frame: Frame,
    /// The address of the link.
    action: String,
    errors: FormErrors,
    /// The user name, for the browser's own store of passwords.
    user: Hidden,
    name: String,
    password: Field,
    again: Field,
}

pub(super) fn routes() -> Router {
    Router::new().route("/password/{token}", form(show, set))
}

async fn show(page: Page, Path(token): Path<String>) -> PageResult {
    let user = user_of(&page, &token).await?;
    page.show(&of(&page, &Form::empty(), &token, &user))
}

async fn set(page: Page, Path(token): Path<String>, mut form: Form) -> PageResult {
    let user = user_of(&page, &token).await?;
    let (password, again) = (form.secret("password"), form.secret("again"));
    if password.expose_secret() != again.expose_secret() {
        form.wrong("again", "The two passwords differ.");
    }
    if !form.is_wrong() {
        let token = SecretString::from(token.clone());
        match page.sign_in().redeem(LinkToRedeem { token, password, browser: page.browser() }).await {
            Ok(_) => return page.lead_to("/sign-in", Some(Notice::done("The password is set. Sign in with it."))),
            Err(SignInError::Password(problem)) => form.wrong("password", problem.to_string()),
            Err(error) => page.account_refused(&mut form, error)?,
        }
    }
    page.show_again(&of(&page, &form, &token, &user))
}

async fn user_of(page: &Page, token: &str) -> Result<User, PageError> {
    let user = page.sign_in().link_user(&SecretString::from(token)).await?;
    user.ok_or_else(|| PageError::not_found(SignInError::Link.to_string()))
}

fn of(page: &Page, form: &Form, token: &str, user: &User) -> PasswordPage {
    PasswordPage {
        frame: page.frame("Set your password"),
        action: page.href(&format!("/password/{token}")),
        errors: FormErrors::of(form),
        user: Hidden::new("username", &user.name),
        name: user.name.clone(),
        password: Field::secret("password", "New password")
            .help("At least 12 characters, such as several words.")
            .required()
            .autocomplete("new-password")
            .focused()
            .of(form),
        again: Field::secret("again", "New password again").required().autocomplete("new-password").of(form),
    }
}
