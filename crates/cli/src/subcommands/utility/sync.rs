//! `footprint utility sync-connection`: syncs from this process, and shows the progress.

use anyhow::Result;
use clap::{Arg, ArgMatches, value_parser};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use soar_connector::Parameters;
use soar_host::operations::{Operations, SyncToRun};
use soar_host::tenants::{ENDPOINT, SyncProgress, SyncRequest, answer_of, manifest};
use soar_host::utility::Answer;
use soar_store::SyncResultFilter;
use soar_store::model::{SyncResult, SyncRun, SyncRunId};

use super::flags::{CallFlags, given};
use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, advised, not_done, refused};
use crate::printer::{ListFlags, OutputFormat, Printer, counted};
use crate::subcommands::tenant::ResultRow;

/// The most results shown of a plan, or of failures. `footprint tenant runs show` shows the rest.
const MOST_SHOWN: i64 = 200;

/// The most results in one JSON object.
const MOST_IN_JSON: i64 = 10_000;

const RETRY: &str = "retry-failed";

/// The flag that only this command has.
pub(super) fn with_retry(command: clap::Command) -> clap::Command {
    let retry = Arg::new(RETRY)
        .long(RETRY)
        .value_name("RUN")
        .value_parser(value_parser!(SyncRunId))
        .conflicts_with("call-plan")
        .help("Retry the failures of this run, and nothing else; `footprint tenant runs list` shows the runs");
    command
        .arg(retry.help_heading("Call"))
        .mut_arg("alltenant", |flag| flag.visible_alias("all-tenants"))
        // These inputs have the same meaning as other flags. They exist for clients of the Command API.
        .mut_arg("region", |flag| flag.hide(true))
        .mut_arg("tenantname", |flag| flag.hide(true))
}

/// A run with its results, for a program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncReport<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    run: &'a SyncRun,
    results: Vec<SyncResult>,
    /// Whether there are more results, which `footprint tenant runs show` shows.
    has_more: bool,
}

pub(super) async fn run(
    matches: &ArgMatches,
    call: &CallFlags,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let operations = session.connected_operations()?;
    // The site has no effect here, but a site that does not exist is a mistake all the same.
    session.site_if_named(call.site.as_deref()).await?;
    let retried = matches.get_one::<SyncRunId>(RETRY).copied();
    let bar = bar(printer);
    let told = |progress: SyncProgress| tell(&bar, progress);
    let context = session.context(ENDPOINT);
    let ended = match retried {
        Some(run) => operations.retry_sync(&context, run, &told).await,
        None => {
            let request = request(&given(manifest(), matches, call, session)?)?;
            operations.run_sync(&context, &SyncToRun { request, plan: call.plan }, &told).await
        }
    };
    bar.finish_and_clear();
    let run = session.tried(context, ended).await?;
    let answer = answer_of(&session.store, &run).await.map_err(advised)?;
    show(&answer, &run, call.output, &operations, session, printer).await
}

fn request(raw: &soar_connector::RawParameters) -> Result<SyncRequest> {
    let parameters = Parameters::parse(manifest(), raw).map_err(|problems| WrongUse::from(&problems))?;
    Ok(SyncRequest::parse(&parameters).map_err(|problem| WrongUse(refused(problem).to_string()))?)
}

async fn show(
    answer: &Answer,
    run: &SyncRun,
    form: OutputFormat,
    operations: &Operations,
    session: &OperatorSession,
    printer: &mut Printer,
) -> Result<Exit> {
    let exit = if run.counts.failed == 0 { Exit::Successful } else { Exit::Failed };
    let mut filter = SyncResultFilter { without_unchanged: true, ..SyncResultFilter::default() };
    if form == OutputFormat::Table && !run.planned {
        filter.only_notable = true;
    }
    let most = if form == OutputFormat::Json { MOST_IN_JSON } else { MOST_SHOWN };
    let context = session.context("tenant runs show");
    let page = operations.sync_results(&context, run.id, filter, most + 1).await.map_err(not_done)?;
    let (mut results, most) = (page.results, usize::try_from(most).unwrap_or_default());
    let has_more = results.len() > most;
    results.truncate(most);
    if form == OutputFormat::Json {
        printer.json(&SyncReport { answer, run, results, has_more })?;
        return Ok(exit);
    }
    if !results.is_empty() {
        let rows: Vec<_> = results.into_iter().map(ResultRow).collect();
        printer.list(&rows, &ListFlags::TABLE, "")?;
        printer.line("")?;
    }
    let counts = run.counts;
    let parts = [
        (counts.added, "added"),
        (counts.changed, "changed"),
        (counts.unchanged, "unchanged"),
        (counts.withdrawn, "withdrawn"),
        (counts.failed, "failed"),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let parts = if parts.is_empty() { "nothing to sync".to_owned() } else { parts.join(", ") };
    let of = counted(run.tenants.unsigned_abs(), "tenant");
    let mark = if exit == Exit::Successful { printer.green("✔") } else { printer.red("✘") };
    let ended = if run.planned { "Planned" } else { answer.return_data.as_str() };
    printer.line(&format!("{mark} {ended}: {of}; {parts}"))?;
    let folder = session.folder.flag();
    let mut notes = Vec::new();
    if run.planned {
        notes.push("Nothing was changed. Run it without --plan to sync.".to_owned());
    }
    if has_more {
        notes.push(format!("There is more: footprint tenant{folder} runs show {}", run.id));
    }
    if run.tenants_failed > 0 && !run.planned {
        notes.push(format!(
            "To retry the failures, and nothing else: footprint utility{folder} sync-connection --retry-failed {}",
            run.id
        ));
    }
    if !notes.is_empty() {
        printer.note(&notes.join("\n"));
    }
    Ok(exit)
}

fn bar(printer: &Printer) -> ProgressBar {
    let bar = if printer.has_error_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    // The template is a constant. With an invalid one the bar keeps its own style.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} tenants{msg}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn tell(bar: &ProgressBar, progress: SyncProgress) {
    bar.set_length(progress.of.unsigned_abs());
    bar.set_position(progress.done.unsigned_abs());
    if progress.failed > 0 {
        bar.set_message(format!(", {} failed", progress.failed));
    }
}
