//! `POST /users/{name}/password-link`: makes a link with which the user sets a password, and shows it once.

use axum::Router;

use super::address;
use super::one::{UserForms, shown};
use crate::parts::{Cell, ContentPage, Facts, LinkButton, ShownOnce, When};
use crate::routing::post;
use crate::visit::{Form, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/users/{name}/password-link", post(create))
}

async fn create(page: Page, Path(name): Path<String>, mut form: Form) -> PageResult {
    if !form.is_wrong() {
        match page.operations().create_password_link(page.context()?, &name).await {
            Ok(made) => {
                let frame =
                    page.frame("Password link").below("Users", "/users").below(&made.user, &address(&made.user));
                let text = "Send the link to the user now. The host does not store it and cannot show it again.";
                let secret = ShownOnce::new("The link", text, made.link.unwrap_or_default());
                let expires = Cell::when(When::new(made.expires_at, page.zone(), page.now()));
                let facts = Facts::new("link", "Link").fact("User", Cell::text(&made.user)).fact("Expires", expires);
                let back = LinkButton::new(page.href(&address(&made.user)), "I have copied the link");
                return page.show(&ContentPage::new(frame).action(back).with(secret).with(facts));
            }
            Err(error) => page.refused(&mut form, error)?,
        }
    }
    let user = page.operations().user(page.context()?, &name).await?;
    let shown = shown(&page, &user, &UserForms { sign_in: form, ..UserForms::default() }).await?;
    page.show_again(&shown)
}
