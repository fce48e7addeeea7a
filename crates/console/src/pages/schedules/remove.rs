//! `/schedules/{id}/remove`: deletes a schedule, after a question.

use axum::Router;
use soar_store::model::ScheduleId;

use super::one::changeable;
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/schedules/{id}/remove", form(ask, send))
}

async fn ask(page: Page, Path(id): Path<ScheduleId>) -> PageResult {
    let schedule = changeable(&page, id).await?;
    let own = format!("/schedules/{id}");
    let frame = page.frame(format!("Remove {}?", schedule.name)).below("Schedules", "/schedules");
    let question = "The command does not run any more. The log stays for its retention time.";
    let action = page.href(&format!("{own}/remove"));
    let confirm = ConfirmPage::new(frame.below(&schedule.name, &own), question, action, "Remove", page.href(&own));
    page.show(&confirm.dangerous())
}

async fn send(page: Page, Path(id): Path<ScheduleId>, form: Form) -> PageResult {
    if form.is_wrong() {
        return ask(page, Path(id)).await;
    }
    let schedule = page.operations().remove_schedule(page.context()?, id).await?;
    page.lead_to("/schedules", Some(Notice::done(format!("The schedule {} is removed.", schedule.name))))
}
