//! The outcome of a run that another host has ended, as far as the run history keeps it.

use serde::Deserialize;
use serde_json::value::RawValue;
use soar_connector::{Collector, Command, CommandError, Conclusion, Outcome, Receipt, ReplyPage, Sink as _, Warning};
use soar_store::model::Run;

use super::failures::{conclusion, error};

/// The parts of a stored outcome.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StoredOutcome {
    error: Option<CommandError>,
    warnings: Vec<Warning>,
    rows: u64,
    raw_data: Option<Box<RawValue>>,
}

/// The outcome of an ended run, and its pages. A result that the history does not keep as a whole is not made up: a
/// warning says where the kept part is.
pub(in super::super) async fn outcome_of(run: &Run, command: &Command) -> (Outcome, Vec<ReplyPage>) {
    let Some(stored) = run.outcome.as_ref().and_then(|kept| serde_json::from_str::<StoredOutcome>(kept.get()).ok())
    else {
        let message = format!("Run {} ended without a result.", run.id);
        let error = error(run, Some(command), "interrupted", &message, "Check in the product before you run it again.");
        return (Collector::new(Some(command), 0).finish(conclusion(run, error)), Vec::new());
    };
    let sent = run.receipt.as_ref().and_then(|kept| serde_json::from_str::<Receipt>(kept.get()).ok());
    let Receipt { requests, retries, .. } = sent.unwrap_or_default();
    let elapsed = run.ended_at.map(|ended| ended.since(run.started_at)).unwrap_or_default();
    let request_id = run.request_id.clone();
    let receipt = Receipt { request_id, requests, retries, rows: stored.rows, elapsed, ..Receipt::default() };
    let mut last = Conclusion { error: stored.error, receipt, warnings: stored.warnings };
    let mut collector = Collector::new(Some(command), Collector::DEFAULT_LIMIT);
    let mut pages = Vec::new();
    if last.error.is_none() {
        let raw = stored.raw_data.and_then(|raw| serde_json::from_str::<Vec<Box<RawValue>>>(raw.get()).ok());
        let rows = raw.filter(|rows| rows.len() as u64 == stored.rows);
        let page = rows.map(|rows| ReplyPage::of_rows(rows.iter().map(|row| row.get())));
        match page {
            Some(page) if collector.page(page.clone()).await.is_ok() => pages.push(page),
            _ => {
                let message = format!("Another host got the result. The kept part of it is in run {}.", run.id);
                last.warnings.push(Warning { code: "result-not-complete".to_owned(), message });
            }
        }
    }
    (collector.finish(last), pages)
}
