//! `footprint audit`: the calls and their results.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use soar_connector::{Clock, SystemClock};
use soar_host::operations::NumberedEntry;
use soar_store::AuditFilter;
use soar_store::model::Moment;

use super::run::single_threaded_runtime;
use super::simulate::StopSignals;
use crate::exit::{Exit, WrongUse};
use crate::instance::{InstanceFlags, OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, ListRow, Printer, moment};
use crate::values::number;
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint audit
  footprint audit --refused --since 24h
  footprint audit --user alice --command CloseIncidentInBulk --output csv > audit.csv
  footprint audit --follow";

/// The interval at which --follow reads the log.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most entries of a page.
const PAGE: i64 = 1_000;

/// The most new entries that --follow shows at once.
const MOST_NEW: u32 = 1_000;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Only calls of this user
    #[arg(long)]
    user: Option<String>,

    /// Only calls with the key of this name
    #[arg(long)]
    key: Option<String>,

    /// Only on this site
    #[arg(long)]
    site: Option<String>,

    /// Only of this command
    #[arg(long)]
    command: Option<String>,

    /// Only the call with this request id, as answers, logs and runs show it
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// Only accepted calls
    #[arg(long, conflicts_with = "refused")]
    accepted: bool,

    /// Only refused calls
    #[arg(long)]
    refused: bool,

    /// Only calls since this time: a date, or a time before now such as 24h
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Only calls before this time: a date, or a time before now such as 24h
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// The most calls to show, the latest ones
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = number::<u32>)]
    limit: u32,

    /// Keep showing new calls, until Ctrl-C
    #[arg(long, conflicts_with = "until")]
    follow: bool,

    #[command(flatten)]
    list: ListFlags,

    #[command(flatten)]
    instance: InstanceFlags,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    if arguments.follow && arguments.list.output == ListOutput::Json {
        return Err(WrongUse(
            "--follow does not end, so it cannot write a JSON array: use --output ndjson.".to_owned(),
        )
        .into());
    }
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        let filter = arguments.filter(session.now()).map_err(WrongUse)?;
        let entries = latest(&session, &filter, arguments.limit).await?;
        let mut seen = entries.last().map(|shown| shown.id);
        if !(arguments.follow && entries.is_empty()) {
            printer.list(&entries, &arguments.list, "The audit log has no such entries.")?;
        }
        if !arguments.follow {
            return Ok(Exit::Successful);
        }
        let ending = StopSignals::listen()?;
        let follow = async {
            loop {
                SystemClock::new().sleep(POLL_INTERVAL).await;
                let mut new = latest(&session, &filter, MOST_NEW).await?;
                new.retain(|shown| Some(shown.id) > seen);
                if let Some(last) = new.last() {
                    seen = Some(last.id);
                    printer.more(&new, &arguments.list)?;
                }
            }
        };
        tokio::select! {
            () = ending.wait() => Ok(Exit::Successful),
            failed = follow => failed,
        }
    })
}

impl Arguments {
    fn filter(&self, now: Moment) -> Result<AuditFilter, String> {
        let read = |flag: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| when::earlier(text, now).map_err(|problem| format!("{flag}: {problem}.")))
                .transpose()
        };
        Ok(AuditFilter {
            before: None,
            since: read("--since", &self.since)?,
            until: read("--until", &self.until)?,
            username: self.user.clone(),
            key: self.key.clone(),
            site: self.site.clone(),
            command: self.command.clone(),
            request_id: self.request.clone(),
            accepted: (self.accepted || self.refused).then_some(self.accepted),
        })
    }
}

/// The latest entries, at most `most`, the oldest first.
async fn latest(session: &OperatorSession, filter: &AuditFilter, most: u32) -> Result<Vec<NumberedEntry>> {
    let (operations, context) = (session.operations(), session.context("audit"));
    let mut entries: Vec<NumberedEntry> = Vec::new();
    let mut filter = filter.clone();
    let mut left = i64::from(most);
    while left > 0 {
        let page = operations.audit_log(&context, &filter, left.min(PAGE)).await.map_err(not_done)?;
        left -= i64::try_from(page.entries.len()).unwrap_or(left);
        entries.extend(page.entries);
        filter.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    entries.reverse();
    Ok(entries)
}

impl ListRow for NumberedEntry {
    const HEADINGS: &[&str] =
        &["Time", "User", "Command", "Site", "Result", "About", "Key", "Acting For", "From", "Request"];

    fn cells(&self) -> Vec<String> {
        let entry = &self.entry;
        let result = match (entry.accepted, entry.status) {
            (true, _) => "accepted".to_owned(),
            (false, 0) => "refused".to_owned(),
            (false, status) => format!("refused ({status})"),
        };
        let from = if entry.address.is_empty() { entry.surface.to_string() } else { entry.address.clone() };
        vec![
            moment(entry.at),
            entry.username.clone(),
            entry.command.clone(),
            entry.site.clone(),
            result,
            entry.reason.clone(),
            entry.key.clone(),
            entry.acting_for.clone(),
            from,
            entry.request_id.clone(),
        ]
    }
}
