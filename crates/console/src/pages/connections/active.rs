//! `/integrations/{id}/connections/{connection}/active`: activates or deactivates a connection, after a question.

use axum::Router;
use soar_host::connections::ConnectionChange;

use super::{address, found, frame, managed};
use crate::parts::ConfirmPage;
use crate::routing::form;
use crate::visit::{Form, Notice, Page, PageResult, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/integrations/{id}/connections/{connection}/active", form(ask, send))
}

async fn ask(page: Page, Path((id, connection)): Path<(String, i64)>) -> PageResult {
    let plugin = page.integration(&id)?;
    let stored = managed(&page, &id, connection).await?;
    let own = address(&id, stored.id);
    let (title, question, button) = if stored.active {
        let question = "No command, schedule or health check runs on an inactive connection. It keeps its parameters.";
        (format!("Deactivate {}", stored.name), question, "Deactivate")
    } else {
        let question = "Commands, schedules and the health check run on the connection again.";
        (format!("Activate {}", stored.name), question, "Activate")
    };
    let frame = frame(&page, &title, &*plugin).below(&stored.name, &own);
    let confirm = ConfirmPage::new(frame, question, page.href(&format!("{own}/active")), button, page.href(&own));
    page.show(&confirm.hidden("active", if stored.active { "no" } else { "yes" }))
}

async fn send(page: Page, Path((id, connection)): Path<(String, i64)>, form: Form) -> PageResult {
    let stored = found(&page, &id, connection).await?;
    let wanted = form.text("active") == "yes";
    let given = ConnectionChange { active: Some(wanted), ..ConnectionChange::default() };
    let changed = page.operations().change_connection(page.context()?, stored.id, given).await?;
    let what = if changed.active { "active" } else { "inactive" };
    page.lead_to(&address(&id, changed.id), Some(Notice::done(format!("The connection {} is {what}.", changed.name))))
}
