//! `/integrations/{id}/connections/new`: + New Connection.

use axum::Router;
use soar_store::model::Right;

use super::draft::draft;
use super::form_page::{FormPageState, form_page};
use super::place_problems::{note_wrong_settings, place_problems};
use super::tested::TestShown;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}/connections/new", form(show, send))
}

fn must_manage(page: &Page) -> Result<(), PageError> {
    if page.may_somewhere(Right::ManageConnections) {
        return Ok(());
    }
    let text = "This needs the right to manage connections on a site. Ask an administrator for it.";
    Err(soar_host::Refusal::Forbidden(text.to_owned()).into())
}

async fn show(page: Page, Path(id): Path<String>) -> PageResult {
    must_manage(&page)?;
    let plugin = page.integration(&id)?;
    page.show(&form_page(&page, &*plugin, None, &Form::empty(), FormPageState::default()).await?)
}

async fn send(page: Page, Path(id): Path<String>, mut form: Form) -> PageResult {
    must_manage(&page)?;
    let plugin = page.integration(&id)?;
    let connector = &plugin.manifest().connector;
    let draft = draft(&mut form, connector);
    let mut shown = FormPageState::default();
    if !form.is_wrong() && form.text("do") == "test" {
        match page.operations().test_draft(page.context()?, draft).await {
            Ok(tried) => {
                let tested = page.tried(tried).await?;
                shown.test = Some(TestShown::new(&tested.outcome, connector));
                return page.show(&form_page(&page, &*plugin, None, &form, shown).await?);
            }
            Err(error) => place_problems(&page, &mut form, connector, error)?,
        }
    } else if !form.is_wrong() {
        match page.operations().create_connection(page.context()?, draft).await {
            Ok(made) => {
                let notice = Notice::done(format!("The connection {} is added.", made.name));
                return page.lead_to(&super::address(&connector.id, made.id), Some(notice));
            }
            Err(error) => place_problems(&page, &mut form, connector, error)?,
        }
    }
    note_wrong_settings(&mut form, &*plugin, None);
    page.show_again(&form_page(&page, &*plugin, None, &form, shown).await?)
}
