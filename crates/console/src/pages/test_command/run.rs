//! `GET /test-command/runs/{id}`: a run under way, or the Test Result window.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use jiff::tz::TimeZone;
use soar_connector::{Receipt, ReturnData};
use soar_host::operations::OperationError;
use soar_host::results::{KeptRun, RunProgress, RunState};
use soar_host::{Refusal, results};
use soar_store::StoreError;
use soar_store::model::Moment;

use super::address;
use super::form_page::badge;
use super::lines::{SameRunElsewhere, lines};
use super::raw_tab::{RawTab, raw_tab};
use super::result_tab::{self, KeyFieldShown, key_fields};
use super::tree::Line;
use crate::pages::runs::progress;
use crate::parts::{Badge, ErrorTab, Hidden, ProgressPanel, Table, Tabs, When, receipt_facts};
use crate::routing::get;
use crate::visit::{Frame, ListState, Page, PageError, PageResult, Path};

#[derive(Debug, Template)]
#[template(path = "test_command/run.html")]
struct CommandRunPage {
    frame: Frame,
    /// The address of the run.
    own: String,
    connection: String,
    connection_href: String,
    site: String,
    started: When,
    badge: Badge,
    inputs: Vec<Hidden>,
    /// The address of the run in the run history, once it has a slot.
    history: Option<String>,
    progress: Option<(RunProgress, Option<ProgressPanel>)>,
    refused: Option<String>,
    tabs: Option<Tabs>,
    tab: TabContent,
    warnings: Vec<String>,
    receipt: Vec<(&'static str, String)>,
    lines: SameRunElsewhere,
}

/// The content of the current tab.
#[derive(Debug)]
enum TabContent {
    Nothing,
    Result { table: Table, text: String },
    ReturnData(&'static str),
    KeyFields(Vec<KeyFieldShown>),
    ContextData { json: String, about: String },
    Raw(RawTab),
    Error(ErrorTab),
}

pub(super) fn routes() -> Router {
    Router::new().route("/test-command/runs/{id}", get(show))
}

/// The run at an address.
pub(super) fn found(page: &Page, id: &str) -> Result<Arc<KeptRun>, PageError> {
    page.operations().kept_run(page.context()?, id).map_err(|error| match error {
        OperationError::Refusal(Refusal::About(StoreError::NotFound { .. })) => PageError::not_found(
            "There is no such result. A result is kept for an hour by the host that ran the command, for the user that \
             ran it. Run the command again.",
        ),
        error => error.into(),
    })
}

async fn show(page: Page, Path(id): Path<String>, list: ListState) -> PageResult {
    let run = found(&page, &id)?;
    let own = page.href(&address(run.id));
    let state = run.state();
    let wanted = list.filter("tab").unwrap_or_default().to_owned();
    let (tabs, tab) = match &state {
        RunState::Ended(ended) if ended.return_data == ReturnData::Successful => {
            let names = ["result", "return-data", "key-fields", "context-data", "raw-data"];
            let current = names.into_iter().find(|name| *name == wanted).unwrap_or("result");
            let (run, list, clock) = (Arc::clone(&run), list.clone(), (page.zone().clone(), page.now()));
            let shown = tokio::task::spawn_blocking(move || successful(&run, current, &list, &clock)).await;
            let shown = shown.map_err(|error| PageError::defect(&error))?.map_err(|error| PageError::defect(&error))?;
            (Some(tabs(&own, &names, current)), shown)
        }
        RunState::Ended(ended) => {
            let names = ["error", "return-data"];
            let current = names.into_iter().find(|name| *name == wanted).unwrap_or("error");
            let shown = match &ended.error {
                Some(error) if current == "error" => TabContent::Error(ErrorTab::new(error)),
                _ => TabContent::ReturnData("Failed"),
            };
            (Some(tabs(&own, &names, current)), shown)
        }
        _ => (None, TabContent::Nothing),
    };
    let following = match (&state, run.run()) {
        // A user that may not see runs sees less.
        (RunState::Running(progress), Some(id)) if progress.is_followed => {
            page.operations().run(page.context()?, id).await.ok().and_then(|run| run.following)
        }
        _ => None,
    };
    let following = following.map(|following| progress(&page, &following));
    let template = run_page(&page, &run, own, (state, following), tabs, tab)?;
    page.show(&template)
}

fn run_page(
    page: &Page,
    run: &KeptRun,
    own: String,
    (state, following): (RunState, Option<ProgressPanel>),
    tabs: Option<Tabs>,
    tab: TabContent,
) -> Result<CommandRunPage, PageError> {
    let (progress, refused, warnings, receipt) = match state {
        RunState::Running(progress) => (Some((progress, following)), None, Vec::new(), Vec::new()),
        RunState::Refused(text) => (None, Some(text), Vec::new(), Vec::new()),
        RunState::Ended(ended) => {
            let warnings = ended.warnings.iter().map(|warning| warning.message.clone()).collect();
            (None, None, warnings, facts(&ended.receipt, run))
        }
    };
    let (settings, address) = (&page.state().server.settings, page.operations().public_address.to_string());
    Ok(CommandRunPage {
        frame: page.frame(&run.command.name).below("Test Command", "/test-command"),
        own,
        connection: run.connection.name.clone(),
        connection_href: page.href(&format!("/connections/{}", run.connection.id)),
        site: run.site.name.clone(),
        started: When::new(run.started_at, page.zone(), page.now()),
        badge: badge(run),
        history: run.run().map(|id| page.href(&format!("/runs/{id}"))),
        inputs: super::inputs::refilled(run),
        progress,
        refused,
        tabs,
        tab,
        warnings,
        receipt,
        lines: lines(run, &page.session()?.user.name, &address, &settings.namespace),
    })
}

fn tabs(own: &str, names: &[&'static str], current: &str) -> Tabs {
    let title = |name| match name {
        "result" => "Result",
        "return-data" => "Return Data",
        "key-fields" => "Key Fields",
        "context-data" => "Context Data",
        "raw-data" => "Raw Data",
        _ => "Error",
    };
    names.iter().fold(Tabs::new("Test Result", "outcome"), |tabs, name| {
        tabs.tab(title(name), format!("{own}?tab={name}"), *name == current)
    })
}

/// The current tab of a successful run. Blocks the thread.
fn successful(
    run: &KeptRun,
    tab: &str,
    list: &ListState,
    (zone, now): &(TimeZone, Moment),
) -> Result<TabContent, results::ContentError> {
    let content = &run.content;
    Ok(match tab {
        "return-data" => TabContent::ReturnData("Successful"),
        "key-fields" => TabContent::KeyFields(key_fields(content.key_fields(result_tab::VALUES)?)),
        "context-data" => {
            let rows = content.rows(None, 0, result_tab::ROWS)?;
            let about = format!("Rows shown: {} of {}", rows.rows.len(), rows.total);
            TabContent::ContextData { json: result_tab::context_data(&rows), about }
        }
        "raw-data" => TabContent::Raw(raw_tab(content, list)?),
        _ => {
            let rows = result_tab::rows(content, list)?;
            let table = result_tab::table(&rows, &run.command, list, zone, *now);
            TabContent::Result { table, text: result_tab::text(&rows) }
        }
    })
}

/// The receipt of a run, with the ids by which the run is found elsewhere.
fn facts(receipt: &Receipt, run: &KeptRun) -> Vec<(&'static str, String)> {
    let mut facts = receipt_facts(receipt);
    facts.extend(run.run().map(|id| ("Run", id.to_string())));
    facts.push(("Request", receipt.request_id.clone()));
    facts
}
