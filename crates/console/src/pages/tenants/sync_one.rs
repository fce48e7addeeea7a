//! `/tenants/syncs/{id}`: a sync or its preview, with a result per tenant and connection.

use axum::Router;
use soar_host::operations::SyncToRun;
use soar_host::tenants::SyncRequest;
use soar_store::SyncResultFilter;
use soar_store::model::{SyncChange, SyncResult, SyncResultId, SyncRun, SyncRunId, SyncStatus};

use super::sync_list::status;
use super::sync_start::{Start, start};
use crate::parts::{Badge, Cell, Column, ContentPage, Empty, Facts, FormPanel, Meaning, Row, Table, When, counted};
use crate::routing::{get, post};
use crate::visit::{Form, ListState, Notice, Page, PageError, PageResult, Path};

/// The number of results on a page.
const ROWS: i64 = 100;

pub(super) fn routes() -> Router {
    Router::new()
        .route("/tenants/syncs/{id}", get(show))
        .route("/tenants/syncs/{id}/run", post(run))
        .route("/tenants/syncs/{id}/retry", post(retry))
}

async fn show(page: Page, Path(id): Path<SyncRunId>, list: ListState) -> PageResult {
    let run = page.operations().sync_run(page.context()?, id).await?;
    let shown = shown(&page, &run, &Form::empty(), Some(&list)).await?;
    page.show(&shown)
}

async fn run(page: Page, Path(id): Path<SyncRunId>, form: Form) -> PageResult {
    let before = page.operations().sync_run(page.context()?, id).await?;
    if !can_be_carried_out(&before) {
        return Err(PageError::refused(
            "Only a preview that has ended, and of which not all failed, can be carried out.",
        ));
    }
    let request: SyncRequest = serde_json::from_str(before.request.get()).map_err(|error| PageError::defect(&error))?;
    again(&page, &before, form, Start::Sync(SyncToRun { request, plan: false })).await
}

async fn retry(page: Page, Path(id): Path<SyncRunId>, form: Form) -> PageResult {
    let before = page.operations().sync_run(page.context()?, id).await?;
    again(&page, &before, form, Start::Retry(id)).await
}

async fn again(page: &Page, before: &SyncRun, mut form: Form, what: Start) -> PageResult {
    if !form.is_wrong() {
        // The repeated parts of a preview are a preview too.
        let is_preview = before.planned && matches!(what, Start::Retry(_));
        let begun = if is_preview { "The preview has begun." } else { "The sync has begun." };
        match start(page, what).await {
            Ok(run) => return page.lead_to(&format!("/tenants/syncs/{run}"), Some(Notice::done(begun))),
            Err(PageError::Operation(error)) => page.refused(&mut form, error)?,
            Err(error) => return Err(error),
        }
    }
    let shown = shown(page, before, &form, None).await?;
    page.show_again(&shown)
}

async fn shown(page: &Page, run: &SyncRun, form: &Form, list: Option<&ListState>) -> Result<ContentPage, PageError> {
    let own = format!("/tenants/syncs/{}", run.id);
    let title = if run.planned { format!("Preview {}", run.id) } else { format!("Sync {}", run.id) };
    let frame = page.frame(title).below("Tenants", "/tenants").below("Syncs", "/tenants/syncs");
    let when = |at| Cell::when(When::new(at, page.zone(), page.now()));
    let counts = &run.counts;
    let facts = Facts::new("sync", "Result")
        .fact("Status", Cell::badge(status(run.status)))
        .fact("Tenants", Cell::number(run.tenants))
        .fact("Tenants with failures", Cell::number(run.tenants_failed))
        .fact(if run.planned { "Would be added" } else { "Added" }, Cell::number(counts.added))
        .fact(if run.planned { "Would be changed" } else { "Changed" }, Cell::number(counts.changed))
        .fact(if run.planned { "Would be withdrawn" } else { "Withdrawn" }, Cell::number(counts.withdrawn))
        .fact("Unchanged", Cell::number(counts.unchanged))
        .fact("Failures", Cell::number(counts.failed))
        .fact("Started", when(run.started_at))
        .fact("Ended", run.ended_at.map_or_else(Cell::unknown, when))
        .fact("User", Cell::text(&run.username));
    let has_ended = run.status != SyncStatus::Running;
    let carry_out = can_be_carried_out(run).then(|| {
        FormPanel::new(&frame, "carry-out", "Carry out", &format!("{own}/run"))
            .text("Nothing was changed yet. Tenants that have changed since the preview get what is shared now.")
            .fields(form, [])
            .button("Sync now")
    });
    let may_retry = has_ended && run.status != SyncStatus::Interrupted && run.tenants_failed > 0;
    let retry = (may_retry && carry_out.is_none()).then(|| {
        let what = if run.planned { "preview" } else { "sync" };
        FormPanel::new(&frame, "retry", "Retry", &format!("{own}/retry"))
            .text(format!("Repeats the failed parts of the {what}, and nothing else."))
            .fields(form, [])
            .button("Retry what failed")
    });
    let results = results(page, run, list).await?;
    let content = ContentPage::new(frame).with(facts).with_some(carry_out).with_some(retry).with(results);
    Ok(if has_ended { content } else { content.live("syncs beginning") })
}

/// Whether a preview can be carried out. If all of it failed, a sync would fail too.
fn can_be_carried_out(run: &SyncRun) -> bool {
    run.planned && !matches!(run.status, SyncStatus::Running | SyncStatus::Failed)
}

async fn results(page: &Page, run: &SyncRun, list: Option<&ListState>) -> Result<Table, PageError> {
    let after = list.map(|list| list.read::<SyncResultId>("from")).transpose()?.flatten();
    let filter = SyncResultFilter { after, ..SyncResultFilter::default() };
    let found = page.operations().sync_results(page.context()?, run.id, filter, ROWS).await?;
    let columns = [
        Column::text("tenant", "Tenant"),
        Column::text("region", "Region").wide(),
        Column::text("connection", "Connection"),
        Column::text("result", "Result"),
        Column::text("cause", "Cause and cure").long(),
    ];
    let rows = rows(&found.results);
    let about = counted(found.results.len(), "result", "results");
    let table = Table::new("results", "Results by tenant", columns).rows(rows);
    let table = table.empty(Empty::new("There is no result yet."));
    let next = found.next.map(|next| next.to_string());
    Ok(match list {
        Some(list) => table.position(list, about, next),
        None => table,
    })
}

/// The results as rows. A failure of a tenant is one row with all connections that it concerns.
fn rows(results: &[SyncResult]) -> Vec<Row> {
    let is_same_failure = |one: &SyncResult, other: &SyncResult| {
        let known = one.tenant_id.is_some() && one.failure.is_some();
        known && (one.tenant_id, &one.failure) == (other.tenant_id, &other.failure)
    };
    results.chunk_by(is_same_failure).filter_map(|same| Some(row(same.first()?, &connections(same)))).collect()
}

/// The names of the connections of these results.
fn connections(results: &[SyncResult]) -> String {
    let names = results.iter().map(|result| match result.connection.as_str() {
        "" if result.withdrawal => "Withdrawal of others",
        name => name,
    });
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn row(result: &SyncResult, connections: &str) -> Row {
    let meaning = match result.change {
        SyncChange::Added | SyncChange::Changed | SyncChange::Withdrawn => Meaning::Good,
        SyncChange::Unchanged => Meaning::Neutral,
        SyncChange::Failed => Meaning::Bad,
    };
    let failure = result.failure.as_ref().map(|failure| format!("{} {}", failure.cause, failure.cure));
    Row::new([
        Cell::text(&result.tenant),
        Cell::text(&result.region),
        Cell::text_or_unknown(connections),
        Cell::badge(Badge::new(result.change.as_str(), meaning)),
        Cell::text_or_unknown(&failure.unwrap_or_default()),
    ])
}
