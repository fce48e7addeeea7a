//! `POST /incidents/{number}/tasks`: marks tasks as done or pending.

use axum::Router;
use axum::routing::post;
use soar_host::views::WholeIncident;

use super::address;
use super::one::incident;
use crate::parts::{Field, FormPanel};
use crate::visit::{Answer, Form, Frame, Notice, Page, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/incidents/{number}/tasks", post(save))
}

/// The form of the tasks, if the incident has tasks.
pub(super) fn panel(frame: &Frame, whole: &WholeIncident, form: &Form) -> Option<FormPanel> {
    let fields = whole.tasks.iter().enumerate().map(|(number, task)| {
        let label = if task.required { format!("{} (required)", task.name) } else { task.name.clone() };
        Field::checkbox(format!("done.{number}"), label, task.done)
    });
    let mut panel = FormPanel::new(frame, "tasks", "Tasks", &format!("{}/tasks", address(&whole.incident.number)))
        .fields(form, fields)
        .button("Save the tasks")
        .plain();
    for task in &whole.tasks {
        panel = panel.hidden("task", &task.name);
    }
    (!whole.tasks.is_empty()).then_some(panel)
}

async fn save(page: Page, Path(number): Path<String>, mut form: Form) -> Answer {
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
        return page.show_again(&incident(&page, &whole, &form, &Form::empty()).await?);
    }
    page.lead_to(&address(&number), Some(Notice::done(format!("Tasks changed: {changed}."))))
}
