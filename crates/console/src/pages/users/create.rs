//! `/users/new`: creates a user.

use std::collections::BTreeMap;

use axum::Router;
use soar_host::operations::UserToMake;
use soar_store::model::Role;

use super::{FIELDS, address};
use crate::pages::named::refused_named;
use crate::parts::{ContentPage, Field, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/users/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    page.context()?.must_administer()?;
    let shown = shown(&page, &Form::empty()).await?;
    page.show(&shown)
}

async fn save(page: Page, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let name = form.required("name", "The name");
    let (site, role) = (form.text("site").to_owned(), form.text("role").to_owned());
    let mut roles = BTreeMap::new();
    match (site.is_empty(), role.parse::<Role>()) {
        (true, _) if role.is_empty() => {}
        (false, _) if role.is_empty() => form.wrong("role", "Choose a role on the site too."),
        (_, Err(problem)) => form.wrong("role", problem),
        (true, Ok(_)) => form.wrong("site", "Choose the site of the role too."),
        (false, Ok(role)) => {
            roles.insert(site, role);
        }
    }
    if !form.is_wrong() {
        let email = Some(form.text("email").to_owned()).filter(|email| !email.is_empty());
        let user = UserToMake { name, email, is_administrator: form.is_checked("administrator"), roles };
        match page.operations().create_user(page.context()?, user).await {
            Ok(made) => {
                let text =
                    format!("The user {} is created. Make a link with which the user sets a password.", made.user.name);
                return page.lead_to(&address(&made.user.name), Some(Notice::done(text)));
            }
            Err(error) => refused_named(&page, &mut form, FIELDS, error)?,
        }
    }
    let shown = shown(&page, &form).await?;
    page.show_again(&shown)
}

/// The choices of a role, the first of which is none.
pub(super) fn role_choices(none: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::once(("", none)).chain(Role::ALL.iter().map(|role| (role.as_str(), role.as_str())))
}

async fn shown(page: &Page, form: &Form) -> Result<ContentPage, PageError> {
    let sites = page.operations().list_sites(page.context()?).await?;
    let frame = page.frame("New User").below("Users", "/users");
    let fields = [
        Field::text("name", "Name").required().focused(),
        Field::text("email", "Mail address"),
        Field::text("site", "Site of the first role").suggestions(sites.into_iter().map(|site| site.name).take(200)),
        Field::choice("role", "Role on the site", role_choices("None")),
        Field::checkbox("administrator", "Administrator", false)
            .help("An administrator has every right on every site and for the instance."),
    ];
    let panel = FormPanel::new(&frame, "new", "Fields", "/users/new")
        .fields(form, fields)
        .button("Create")
        .back(page.href("/users"));
    Ok(ContentPage::new(frame).with(panel))
}
