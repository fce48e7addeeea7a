//! `footprint audit`: who called what, and what became of it.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use soar_connector::{Clock, SystemClock};
use soar_store::AuditFilter;
use soar_store::model::{AuditEntry, Moment};

use super::run::single_threaded_runtime;
use super::simulate::Ending;
use crate::exit::{Exit, WrongUse};
use crate::instance::{InstanceFlags, OperatorSession, advised};
use crate::printer::{ListOutput, ListRow, Printer, moment};
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint audit
  footprint audit --refused --since 24h
  footprint audit --user alice --command CloseIncidentInBulk --output csv > audit.csv
  footprint audit --follow";

/// How often a log that is followed is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// More than these are read in pages.
const PAGE: u32 = 1_000;

/// Show who called what, and what became of it: over HTTP and at the terminal
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

    /// Only the call of this request id, as answers, logs and runs show it
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// Only what was accepted
    #[arg(long, conflicts_with = "refused")]
    accepted: bool,

    /// Only what was refused
    #[arg(long)]
    refused: bool,

    /// Only since then: a date, or so long ago
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Only until before then: a date, or so long ago
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// At most so many, the latest ones
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,

    /// Go on with what is added, until Ctrl-C
    #[arg(long, conflicts_with = "until")]
    follow: bool,

    /// How to write the list
    #[arg(long, short, value_enum, default_value_t = ListOutput::Table)]
    output: ListOutput,

    #[command(flatten)]
    instance: InstanceFlags,
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    if arguments.follow && arguments.output == ListOutput::Json {
        return Err(
            WrongUse("--follow has no end, and a JSON array needs one: take --output ndjson.".to_owned()).into()
        );
    }
    single_threaded_runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        session.must_be_administrator()?;
        let filter = arguments.filter(session.now()).map_err(WrongUse)?;
        let entries = latest(&session, &filter, arguments.limit).await?;
        let mut seen = entries.last().map_or(0, |shown| shown.id);
        if !(arguments.follow && entries.is_empty()) {
            printer.list(&entries, arguments.output, "Nothing that fits is in the audit log.")?;
        }
        if !arguments.follow {
            return Ok(Exit::Successful);
        }
        let ending = Ending::listen()?;
        let follow = async {
            loop {
                SystemClock::new().sleep(LOOK).await;
                let mut new = latest(&session, &filter, PAGE).await?;
                new.retain(|shown| shown.id > seen);
                if let Some(last) = new.last() {
                    seen = last.id;
                    printer.more(&new, arguments.output)?;
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

/// An entry with its number.
#[derive(Debug, Serialize)]
struct Shown {
    id: i64,
    #[serde(flatten)]
    entry: AuditEntry,
}

/// At most `most` entries, the latest ones, the oldest of them first.
async fn latest(session: &OperatorSession, filter: &AuditFilter, most: u32) -> Result<Vec<Shown>> {
    let mut entries: Vec<Shown> = Vec::new();
    let mut filter = filter.clone();
    let mut reader = session.store.reader().await.map_err(advised)?;
    let mut records = reader.records();
    while entries.len() < most as usize {
        let wanted = PAGE.min(most - u32::try_from(entries.len()).unwrap_or(most));
        let page = records.audit(&filter, wanted).await.map_err(advised)?;
        let is_last = page.len() < wanted as usize;
        filter.before = page.last().map(|(id, _)| *id);
        entries.extend(page.into_iter().map(|(id, entry)| Shown { id, entry }));
        if is_last {
            break;
        }
    }
    entries.reverse();
    Ok(entries)
}

impl ListRow for Shown {
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
