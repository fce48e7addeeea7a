//! `footprint findings`: what the connections list, what changed, where changes are sent, and what is done about them.

mod changes;
mod collect;
mod collection;
mod delivery;
mod diff;
mod folder;
mod list;
mod rule;
mod show;
mod tenants;

use anyhow::Result;
use clap::{Args, Subcommand};
use soar_store::model::FindingSnapshot;

use super::simulate::runtime;
use crate::exit::Exit;
use crate::instance::{InstanceFlags, OperatorSession};
use crate::printer::{ListRow, Printer, moment_if_any};

const EXAMPLES: &str = "\
Examples:
  footprint findings collect --all-tenants
  footprint findings changes --after 0 --follow
  footprint findings changes --format ocsf --folder /var/spool/findings
  footprint findings list --cve CVE-2024-3094
  footprint findings diff --from 7d --to 0d
  footprint schedule add Findings collect-findings --site \"Security Operations\" --cron \"30 5 * * *\"

The first whole collection of a tenant is its baseline: its changes say so.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceFlags,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Collect(collect::Arguments),
    Collection(collection::Arguments),
    Changes(changes::Arguments),
    List(list::Arguments),
    Show(show::Arguments),
    Diff(diff::Arguments),
    Tenants(tenants::Arguments),
    Delivery(delivery::Arguments),
    Rule(rule::Arguments),
}

pub(crate) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<Exit> {
    runtime()?.block_on(async {
        let session = OperatorSession::open(&arguments.instance).await?;
        match &arguments.action {
            Action::Collect(arguments) => collect::run(arguments, &session, printer).await,
            Action::Collection(arguments) => collection::run(arguments, &session, printer).await,
            Action::Changes(arguments) => changes::run(arguments, &session, printer).await,
            Action::List(arguments) => list::run(arguments, &session, printer).await,
            Action::Show(arguments) => show::run(arguments, &session, printer).await,
            Action::Diff(arguments) => diff::run(arguments, &session, printer).await,
            Action::Tenants(arguments) => tenants::run(arguments, &session, printer).await,
            Action::Delivery(arguments) => delivery::run(arguments, &session, printer).await,
            Action::Rule(arguments) => rule::run(arguments, &session, printer).await,
        }
    })
}

impl ListRow for FindingSnapshot {
    const HEADINGS: &[&str] = &[
        "Tenant",
        "ID",
        "Connection",
        "Result",
        "Opened",
        "Changed",
        "Fixed",
        "Gone",
        "Reopened",
        "Rows",
        "Requests",
        "Seconds",
        "Ended",
        "Problem",
    ];
    const DISPENSABLE: &[&str] = &["Connection", "Requests", "Rows", "Ended"];

    fn cells(&self) -> Vec<String> {
        let baseline = if self.baseline { " (baseline)" } else { "" };
        let seconds = self.started_at.zip(self.ended_at).map(|(start, end)| end.since(start).as_secs().to_string());
        vec![
            self.tenant_name.clone(),
            self.tenant.clone(),
            if self.connection.is_empty() { self.connection_id.to_string() } else { self.connection.clone() },
            format!("{}{baseline}", self.status),
            self.opened.to_string(),
            self.changed.to_string(),
            self.fixed.to_string(),
            self.gone.to_string(),
            self.reopened.to_string(),
            self.rows_read.to_string(),
            self.requests.to_string(),
            seconds.unwrap_or_default(),
            moment_if_any(self.ended_at),
            self.problem.clone().unwrap_or_default(),
        ]
    }
}
