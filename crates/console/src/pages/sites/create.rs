//! `/sites/new`: creates a site.

use axum::Router;
use soar_host::operations::SiteToMake;
use soar_store::model::SiteKind;

use super::address;
use super::fields::{FIELDS, fields};
use crate::pages::named::refused_named;
use crate::parts::{ContentPage, FormPanel};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult};

pub(super) fn routes() -> Router {
    Router::new().route("/sites/new", form(show, save))
}

async fn show(page: Page) -> PageResult {
    page.context()?.must_administer()?;
    page.show(&shown(&page, &Form::empty()))
}

async fn save(page: Page, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let name = form.required("name", "The name");
    let kind = form.text("kind").parse::<SiteKind>().map_err(|problem| form.wrong("kind", problem));
    if let (Ok(kind), false) = (kind, form.is_wrong()) {
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        let site = SiteToMake {
            name,
            kind,
            description: form.text("description").to_owned(),
            time_zone: or(form.text("time-zone"), "UTC"),
            language: or(form.text("language"), "en"),
        };
        match page.operations().create_site(page.context()?, site).await {
            Ok(made) => {
                let notice = Notice::done(format!("The site {} is created.", made.name));
                return page.lead_to(&address(&made.name), Some(notice));
            }
            Err(error) => refused_named(&page, &mut form, FIELDS, error)?,
        }
    }
    page.show_again(&shown(&page, &form))
}

fn shown(page: &Page, form: &Form) -> ContentPage {
    let frame = page.frame("New Site").below("Sites", "/sites");
    let panel = FormPanel::new(&frame, "new", "Fields", "/sites/new")
        .fields(form, fields(None))
        .button("Create")
        .back(page.href("/sites"));
    ContentPage::new(frame).with(panel)
}
