//! `/incidents/{number}/change`: the form that changes an incident. The second of two users who change it at once is
//! told, and sees both versions. Only fields that differ from the stored ones are saved.

use axum::Router;
use soar_host::Refusal;
use soar_host::operations::{IncidentToChange, OperationError};
use soar_host::views::WholeIncident;
use soar_store::StoreError;
use soar_store::model::Version;

use super::address;
use super::fields::{Known, change, known};
use super::one::may_change;
use crate::parts::{CHANGED_MEANWHILE, Cell, Column, ContentPage, Empty, FormPanel, Row, Table};
use crate::routing::form;
use crate::visit::{Answer, Form, Notice, Page, PageError, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}/change", form(show, save))
}

async fn show(page: Page, Path(number): Path<String>) -> Answer {
    let whole = read(&page, &number).await?;
    page.show(&shown(&page, &whole, &Form::empty(), false))
}

async fn save(page: Page, Path(number): Path<String>, mut form: Form) -> Answer {
    let whole = read(&page, &number).await?;
    let version = form.text("version").parse().ok().map(Version);
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
            page.refused(&mut form, error)?;
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
    let differences = is_conflict.then(|| differences(form, &known(page, whole)));
    // After a conflict the user has seen the stored version, and may replace it. After another problem the form stays
    // based on the version that the user read.
    let version = match form.given("version").filter(|_| !is_conflict) {
        Some(version) => version.to_owned(),
        None => whole.incident.version.0.to_string(),
    };
    let panel = FormPanel::new(&frame, "change", number.clone(), &format!("{own}/change"))
        .fields(form, known(page, whole).into_iter().map(Known::into_field))
        .hidden("version", version)
        .back(page.href(&own));
    ContentPage::new(frame).with_some(differences).with(panel)
}

/// The fields whose stored text differs from the form's.
fn differences(form: &Form, stored: &[Known]) -> Table {
    let differing = stored.iter().filter(|known| known.differs(form));
    let rows = differing.map(|known| {
        Row::new([
            Cell::text(&known.label),
            Cell::text_or_unknown(&known.text),
            Cell::text_or_unknown(form.text(&known.name)),
        ])
    });
    let columns =
        [Column::text("field", "Field"), Column::text("now", "Stored now"), Column::text("yours", "In your form")];
    let empty = Empty::new("The stored fields are as in your form. Tasks or links were changed.");
    Table::new("differences", "Both versions", columns).rows(rows).empty(empty)
}
