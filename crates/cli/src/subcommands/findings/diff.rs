//! `footprint findings diff`: what a time span changed.

use anyhow::Result;
use clap::Args;
use serde_json::Value;
use soar_host::operations::{FindingDifference, Span};
use soar_store::model::FindingSequence;

use super::list::{member, name};
use crate::exit::{Exit, WrongUse};
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};
use crate::values::within;
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint findings diff --from 7d --to 0d
  footprint findings diff --from 2026-12-01 --to 2027-01-01 --output csv";

/// Show what a time span changed: one line per finding that is not as it was before
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The begin of the span, such as "2026-12-31 18:00", or a time before now such as 7d
    #[arg(long, value_name = "TIME")]
    from: String,

    /// The end of the span
    #[arg(long, value_name = "TIME", default_value = "0s")]
    to: String,

    /// Only findings whose last change has a higher number
    #[arg(long, value_name = "NUMBER")]
    after: Option<FindingSequence>,

    /// The most findings to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let read = |flag: &str, text: &str| {
        when::earlier(text, session.now()).map_err(|problem| WrongUse(format!("{flag}: {problem}.")))
    };
    let span = Span { from: read("--from", &arguments.from)?, to: read("--to", &arguments.to)? };
    if span.from >= span.to {
        return Err(WrongUse("--from must be before --to.".to_owned()).into());
    }
    let operations = session.connected_operations()?;
    let context = session.context("findings diff");
    let found = operations.finding_differences(&context, span, arguments.after, arguments.limit).await;
    let found = found.map_err(not_done)?;
    printer.list(&found.differences, &arguments.list, "No finding changed in this time.")?;
    if let Some(next) = found.next {
        printer.note(&format!("There may be more: --after {next}, or a larger --limit."));
    }
    Ok(Exit::Successful)
}

impl ListRow for FindingDifference {
    const HEADINGS: &[&str] =
        &["Finding", "Change", "CVE", "Software", "Device", "Tenant", "CVSS", "Before", "Now", "Last Change", "Number"];
    const DISPENSABLE: &[&str] = &["Software", "Number"];

    fn cells(&self) -> Vec<String> {
        let finding: Value = serde_json::from_str(self.last.finding.get()).unwrap_or_default();
        let text = |name| member(&finding, name);
        vec![
            self.last.finding_id.clone(),
            self.net.to_string(),
            name(&finding),
            text("software"),
            text("deviceName"),
            self.last.tenant_name.clone(),
            text("cvss"),
            self.last.before.clone().unwrap_or_default(),
            text("status"),
            moment(self.last.at),
            self.last.sequence.to_string(),
        ]
    }
}
