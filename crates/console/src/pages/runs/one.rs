//! `GET /runs/{id}`: a run with its inputs, its error, its receipt and the stored part of its outcome.

use axum::Router;
use serde::Deserialize as _;
use serde_json::{Map, Value};
use soar_connector::{CommandError, Receipt, cell_text};
use soar_store::model::{Right, RunId, RunStatus};

use super::following::progress;
use super::list::duration;
use super::outcome::{key_fields, result};
use crate::pages::home::meaning;
use crate::parts::{Badge, Cell, ContentPage, ErrorTab, Facts, JsonText, LinkButton, When, receipt_facts};
use crate::routing::get;
use crate::visit::{Page, PageResult, Path, if_allowed};

pub(super) fn routes() -> Router {
    Router::new().route("/runs/{id}", get(show))
}

async fn show(page: Page, Path(id): Path<RunId>) -> PageResult {
    let run = page.operations().run(page.context()?, id).await?;
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let own = format!("/runs/{id}");
    let cancel = (run.status == RunStatus::Running)
        .then(|| LinkButton::new(page.href(&format!("{own}/cancel")), "Cancel the run").danger().dialog());
    let progress = run.following.as_ref().map(|following| progress(&page, following));
    let seen = page.operations().names_of_connections(page.context()?, vec![run.connection_id]).await;
    let connection = if if_allowed(seen)?.is_some_and(|seen| seen.contains_key(&run.connection_id)) {
        Cell::link(page.href(&format!("/connections/{}", run.connection_id)), &run.connection)
    } else {
        Cell::text(&run.connection)
    };
    let facts = Facts::new("run", "Run")
        .fact("Status", Cell::badge(Badge::new(run.status.as_str(), meaning(run.status))))
        .fact("Command", Cell::text(&run.command))
        .fact("Connection", connection)
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
    let outcome = outcome.unwrap_or_default();
    let error = CommandError::deserialize(&outcome["error"]).ok().map(|error| ErrorTab::new(&error));
    let receipt = run.receipt.as_ref().and_then(|raw| serde_json::from_str::<Receipt>(raw.get()).ok());
    let receipt = receipt.map(|receipt| {
        let facts = receipt_facts(&receipt).into_iter();
        facts.fold(Facts::new("receipt", "Receipt"), |facts, (name, text)| facts.fact(name, Cell::text(&text)))
    });
    let stored = run.outcome.as_ref().map(|raw| JsonText::new("outcome", "Stored outcome, JSON", raw.get()));
    let frame = page.frame(format!("Run {id}: {}", run.command)).below("Runs", "/runs");
    let again = page
        .may_somewhere(Right::UseConnections)
        .then(|| LinkButton::new(page.href(&format!("/test-command?run={id}")), "Run again in Test Command").plain());
    let content = ContentPage::new(frame).action(again).action(cancel).with_some(progress).with(facts);
    let content = content.with_some(inputs(run.parameters.get())).with_some(error).with_some(result(&outcome));
    let content = content.with_some(key_fields(&outcome)).with_some(receipt).with_some(stored);
    page.show(&if run.status == RunStatus::Running { content.live("runs beginning") } else { content })
}

/// The inputs of a run. `None` if it has none.
fn inputs(parameters: &str) -> Option<Facts> {
    let parameters: Map<String, Value> = serde_json::from_str(parameters).ok()?;
    let facts = Facts::new("inputs", "Inputs");
    let with = |facts: Facts, (name, value): (&String, &Value)| facts.fact(name, Cell::text(&cell_text(value)));
    (!parameters.is_empty()).then(|| parameters.iter().fold(facts, with))
}
