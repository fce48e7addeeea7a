//! `/sites/{name}`: a site; for administrators with the form that changes it.

use axum::Router;
use soar_host::operations::SiteToChange;
use soar_store::model::Site;

use super::address;
use super::fields::{FIELDS, fields};
use super::list::state;
use crate::pages::named::refused_named;
use crate::parts::{Cell, ContentPage, Facts, Field, FormPanel, LinkButton, was_changed_meanwhile};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/sites/{name}", form(show, save))
}

async fn show(page: Page, Path(name): Path<String>) -> PageResult {
    let site = page.operations().site(page.context()?, &name).await?;
    page.show(&shown(&page, &site, &Form::empty()))
}

async fn save(page: Page, Path(name): Path<String>, mut form: Form) -> PageResult {
    page.context()?.must_administer()?;
    let site = page.operations().site(page.context()?, &name).await?;
    form.required("name", "The name");
    let kind = form.text("kind").parse().map_err(|problem: String| form.wrong("kind", problem)).ok();
    if !was_changed_meanwhile(&mut form, &stored_fields(&site)) && !form.is_wrong() {
        let text = |name: &str| form.given(name).map(|text| text.trim().to_owned());
        let active = form.is_checked("active");
        let change = SiteToChange {
            name: text("name"),
            kind,
            description: text("description"),
            time_zone: text("time-zone"),
            language: text("language"),
            active: (active != site.active).then_some(active),
        };
        match page.operations().change_site(page.context()?, &name, change).await {
            Ok(changed) => {
                let notice = Notice::done(format!("The site {} is changed.", changed.name));
                return page.lead_to(&address(&changed.name), Some(notice));
            }
            Err(error) => refused_named(&page, &mut form, FIELDS, error)?,
        }
    }
    page.show_again(&shown(&page, &site, &form))
}

fn stored_fields(site: &Site) -> Vec<Field> {
    let help = "On an inactive site no command, no schedule, no health check and no sync runs.";
    let mut all = fields(Some(site));
    all.push(Field::checkbox("active", "Active", site.active).help(help));
    all
}

fn shown(page: &Page, site: &Site, form: &Form) -> ContentPage {
    let frame = page.frame(&site.name).below("Sites", "/sites");
    let own = address(&site.name);
    let inactive = site.inactive();
    let mut facts = Facts::new("site", "Site").fact("State", Cell::badge(state(site)));
    if let Some(why) = &inactive {
        facts = facts.fact("Inactive", Cell::text(why));
    }
    if page.administers() {
        let panel = FormPanel::new(&frame, "change", "Change", &own).stored_fields(form, stored_fields(site));
        let remove = LinkButton::new(page.href(&format!("{own}/remove")), "Remove").danger().dialog();
        return ContentPage::new(frame).action(remove).with(facts).with(panel);
    }
    let facts = facts
        .fact("Kind", Cell::text(site.kind.as_str()))
        .fact("Time zone", Cell::text(&site.time_zone))
        .fact("Language", Cell::text(&site.language))
        .fact("Description", Cell::text_or_unknown(&site.description));
    ContentPage::new(frame).with(facts)
}
