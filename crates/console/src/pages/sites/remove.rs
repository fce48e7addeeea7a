//! `/sites/{name}/remove`: removes a site, after a question.

use axum::Router;

use super::address;
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/sites/{name}/remove", form(ask, send))
}

async fn ask(page: Page, Path(name): Path<String>) -> PageResult {
    page.context()?.must_administer()?;
    let site = page.operations().site(page.context()?, &name).await?;
    let own = address(&site.name);
    let frame = page.frame(format!("Remove the site {}?", site.name)).below("Sites", "/sites").below(&site.name, &own);
    let question = "Only a site to which nothing belongs can be removed.";
    let action = page.href(&format!("{own}/remove"));
    page.show(&ConfirmPage::new(frame, question, action, "Remove", page.href(&own)).dangerous())
}

async fn send(page: Page, Path(name): Path<String>, mut form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(name)).await;
    }
    match page.operations().remove_site(page.context()?, &name).await {
        Ok(site) => page.lead_to("/sites", Some(Notice::done(format!("The site {} is removed.", site.name)))),
        Err(error) => {
            page.refused(&mut form, error)?;
            let problem = form.problem().unwrap_or_default().to_owned();
            page.lead_to(&address(&name), Some(Notice::failed(problem)))
        }
    }
}
