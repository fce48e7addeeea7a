//! `POST /incidents/{number}/tasks`: marks tasks as done or pending.

use axum::Router;

use super::one::refused;
use crate::pages::incident_parts::address;
use crate::routing::post;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}/tasks", post(save))
}

async fn save(page: Page, Path(number): Path<String>, mut form: Form) -> PageResult {
    let mut whole = page.operations().incident(page.context()?, &number).await?;
    let shown: Vec<String> = form.all("task").map(str::to_owned).collect();
    let mut changed = 0;
    if !form.is_wrong() {
        for (position, name) in shown.iter().enumerate() {
            let is_done = form.is_checked(&format!("done.{position}"));
            if whole.tasks.iter().any(|task| task.name == *name && task.done == is_done) {
                continue;
            }
            match page.operations().change_task(page.context()?, &number, name, is_done).await {
                Ok(now) => (whole, changed) = (now, changed + 1),
                Err(error) => {
                    page.refused(&mut form, error)?;
                    break;
                }
            }
        }
    }
    if form.is_wrong() {
        return page.show_again(&refused(&page, &whole, &form, &Form::empty()).await?);
    }
    page.lead_to(&address(&number), Some(Notice::done(format!("Tasks changed: {changed}."))))
}
