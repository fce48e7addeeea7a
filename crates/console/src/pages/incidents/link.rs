//! `POST /incidents/{number}/links`: links an incident with others.

use axum::Router;

use super::one::refused;
use crate::pages::incident_parts::address;
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}/links", post(save))
}

async fn save(page: Page, Path(number): Path<String>, mut form: Form) -> PageResult {
    let text = form.required("incidents", "The number of an incident");
    let others: Vec<String> =
        text.split(['\n', ',']).map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    if !form.is_wrong() {
        match page.operations().link_incidents(page.context()?, &number, &others).await {
            Ok(linked) => {
                let notice = Notice::done(format!("New links: {}.", linked.added));
                return page.lead_to(&address(&number), Some(notice));
            }
            Err(error) => page.refused_at(&mut form, "incidents", error)?,
        }
    }
    let whole = page.operations().incident(page.context()?, &number).await?;
    page.show_again(&refused(&page, &whole, &Form::empty(), &form).await?)
}
