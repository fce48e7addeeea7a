//! `/incidents/{number}/change`: the form that changes an incident. The second of two users who change it at once is
//! told, and sees both versions. Only fields that differ from the stored ones are saved.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{IncidentToChange, OperationError};
use soar_host::views::WholeIncident;
use soar_store::StoreError;

use super::fields::{StoredField, change, known, refused};
use super::one::may_change;
use crate::pages::incident_parts::address;
use crate::parts::{CHANGED_MEANWHILE, ContentPage, Field, FormPanel, both_versions, version_of};
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageError, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}/change", form(show, save))
}

async fn show(page: Page, Path(number): Path<String>) -> PageResult {
    let whole = read(&page, &number).await?;
    page.show(&shown(&page, &whole, &Form::empty(), false))
}

async fn save(page: Page, Path(number): Path<String>, mut form: Form) -> PageResult {
    let whole = read(&page, &number).await?;
    let version = version_of(&form);
    if version.is_some_and(|version| version != whole.incident.version) {
        form.refuse(CHANGED_MEANWHILE);
        return page.show_again(&shown(&page, &whole, &form, true));
    }
    let given = change(&page, &mut form, &whole);
    if form.is_wrong() {
        return page.show_again(&shown(&page, &whole, &form, false));
    }
    let given = IncidentToChange { version, ..given };
    match page.operations().change_incident(page.context()?, &number, given).await {
        Ok(_) => page.lead_to(&address(&number), Some(Notice::done("The incident is changed."))),
        Err(error @ OperationError::Refusal(Refusal::About(StoreError::Conflict(_)))) => {
            page.refused(&mut form, error)?;
            form.refuse(CHANGED_MEANWHILE);
            let whole = read(&page, &number).await?;
            page.show_again(&shown(&page, &whole, &form, true))
        }
        Err(error) => {
            refused(&page, &mut form, &whole, error)?;
            page.show_again(&shown(&page, &whole, &form, false))
        }
    }
}

/// The incident, if the user may change it.
async fn read(page: &Page, number: &str) -> Result<WholeIncident, PageError> {
    let whole = page.operations().incident(page.context()?, number).await?;
    if may_change(page, &whole).await? {
        return Ok(whole);
    }
    let text = "This needs the right to change incidents on the incident's site. Ask an administrator for it.";
    Err(Refusal::Forbidden(text.to_owned()).into())
}

fn shown(page: &Page, whole: &WholeIncident, form: &Form, is_conflict: bool) -> ContentPage {
    let number = &whole.incident.number;
    let own = address(number);
    let frame = page.frame("Change").below("Incidents", "/incidents").below(number, &own);
    let fields: Vec<Field> = known(page, whole).into_iter().map(StoredField::into_field).collect();
    let none = "The stored fields are as in your form. Tasks or links were changed.";
    let differences = is_conflict.then(|| both_versions(form, &fields, none));
    let panel = FormPanel::new(&frame, "change", number.clone(), &format!("{own}/change"))
        .fields(form, fields)
        .version(form, whole.incident.version, is_conflict)
        .back(page.href(&own));
    ContentPage::new(frame).with_some(differences).with(panel)
}
