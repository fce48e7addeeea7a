//! `/schedules/{id}/run`: makes a schedule run once now, after a question.

use axum::Router;
use soar_store::model::ScheduleId;

use super::one::changeable;
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/schedules/{id}/run", form(ask, send))
}

async fn ask(page: Page, Path(id): Path<ScheduleId>) -> PageResult {
    let schedule = changeable(&page, id).await?;
    let own = format!("/schedules/{id}");
    let frame = page.frame(format!("Run {} now?", schedule.name)).below("Schedules", "/schedules");
    let question = format!("{} runs once, in addition to the due times.", schedule.command);
    let action = page.href(&format!("{own}/run"));
    page.show(&ConfirmPage::new(frame.below(&schedule.name, &own), question, action, "Run now", page.href(&own)))
}

async fn send(page: Page, Path(id): Path<ScheduleId>, mut form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(id)).await;
    }
    changeable(&page, id).await?;
    let notice = match page.operations().run_schedule(page.context()?, id).await {
        Ok(schedule) => Notice::done(format!("The schedule {} runs now.", schedule.name)),
        Err(error) => {
            page.refused(&mut form, error)?;
            Notice::failed(form.problem().unwrap_or_default())
        }
    };
    page.lead_to(&format!("/schedules/{id}"), Some(notice))
}
