//! `GET /runs/{id}`: a run with its parameters, its error and the stored part of its outcome.

use axum::Router;
use serde_json::Value;
use soar_connector::cell_text;
use soar_store::model::{RunId, RunStatus};

use super::following::progress;
use super::list::duration;
use super::outcome::{key_fields, result};
use crate::pages::home::meaning;
use crate::parts::{Badge, Cell, ContentPage, Facts, LinkButton, When};
use crate::routing::get;
use crate::visit::{Answer, Page, Path};

pub(super) fn routes() -> Router {
    Router::new().route("/runs/{id}", get(show))
}

async fn show(page: Page, Path(id): Path<RunId>) -> Answer {
    let run = page.operations().run(page.context()?, id).await?;
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let own = format!("/runs/{id}");
    let cancel = (run.status == RunStatus::Running)
        .then(|| LinkButton::new(page.href(&format!("{own}/cancel")), "Cancel the run").danger().dialog());
    let progress = run.following.as_ref().map(|following| progress(&page, following));
    let facts = Facts::new("run", "Run")
        .fact("Status", Cell::badge(Badge::new(run.status.as_str(), meaning(run.status))))
        .fact("Command", Cell::text(&run.command))
        .fact("Connection", Cell::text(&run.connection))
        .fact("Integration", Cell::text(&run.integration))
        .fact("Site", Cell::text(&run.site))
        .fact("User", Cell::text(&run.user))
        .fact("Key", run.key.as_deref().map_or_else(Cell::unknown, Cell::text))
        .fact("Started", when(run.started_at))
        .fact("Ended", run.ended_at.map_or_else(Cell::unknown, when))
        .fact("Duration, ms", duration(run.started_at, run.ended_at))
        .fact("Request", Cell::text(&run.request_id))
        .fact("Node", Cell::text(&run.node));
    let outcome = run.outcome.as_ref().and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
    let error = outcome.as_ref().and_then(|outcome| outcome.get("error")).and_then(Value::as_object);
    let error = error.map(|error| {
        let facts = error.iter().filter(|(_, value)| !value.is_null());
        facts.fold(Facts::new("error", "Error"), |facts, (name, value)| facts.fact(name, Cell::text(&cell_text(value))))
    });
    let outcome_parts = (outcome.as_ref().and_then(result), outcome.as_ref().and_then(key_fields));
    let mut details = Facts::new("details", "Details").fact("Parameters", Cell::text(&pretty(run.parameters.get())));
    if let Some(receipt) = &run.receipt {
        details = details.fact("Receipt", Cell::text(&pretty(receipt.get())));
    }
    let outcome = run.outcome.as_ref().map_or_else(Cell::unknown, |outcome| Cell::text(&pretty(outcome.get())));
    let details = details.fact("Stored outcome", outcome);
    let frame = page.frame(format!("Run {id}")).below("Runs", "/runs");
    let (result, key_fields) = outcome_parts;
    let mut content = ContentPage::new(frame).action(cancel).with_some(progress).with(facts).with_some(error);
    content = content.with_some(result).with_some(key_fields).with(details);
    page.show(&if run.status == RunStatus::Running { content.live("runs") } else { content })
}

/// A JSON text on several lines.
pub(in crate::pages) fn pretty(text: &str) -> String {
    let value = serde_json::from_str::<Value>(text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}
