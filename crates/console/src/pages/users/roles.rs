//! `POST /users/{name}/roles`: gives a user a role on a site, or removes it.

use axum::Router;
use soar_store::model::Role;

use super::address;
use super::one::{UserForms, shown};
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/users/{name}/roles", post(save))
}

async fn save(page: Page, Path(name): Path<String>, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let site = form.required("site", "The site");
    let role = Some(form.text("role").to_owned()).filter(|role| !role.is_empty());
    let role = role.map(|role| role.parse::<Role>()).transpose().map_err(|problem| form.wrong("role", problem));
    if let (Ok(role), false) = (role, form.is_wrong()) {
        let done = match role {
            Some(role) => {
                let given = page.operations().give_role(page.context()?, &name, &site, role).await;
                given.map(|given| format!("{} on {}: {name}.", given.role, given.site))
            }
            None => {
                let taken = page.operations().take_role(page.context()?, &name, &site).await;
                taken.map(|_| format!("{name} has no role on {site}."))
            }
        };
        match done {
            Ok(text) => return page.lead_to(&address(&name), Some(Notice::done(text))),
            Err(error) => page.refused_at(&mut form, "site", error)?,
        }
    }
    let user = page.operations().user(page.context()?, &name).await?;
    let shown = shown(&page, &user, &UserForms { roles: form, ..UserForms::default() }).await?;
    page.show_again(&shown)
}
