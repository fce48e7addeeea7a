//! `footprint health history`: the checks of one connection.

use anyhow::Result;
use clap::Args;
use soar_host::health::ConnectionHealth;
use soar_store::model::{Check, Moment};

use super::health_row::{percent, span};
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, ListRow, Printer, moment, moment_if_any};
use crate::subcommands::connection::ConnectionArguments;
use crate::values::within;
use crate::when;

const EXAMPLES: &str = "\
Examples:
  footprint health history production
  footprint health history production --before 1d --limit 1000 --output csv";

/// Show the latest health checks of a connection: time, latency and error
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,

    /// Only checks due before this time, such as "2026-12-31 18:00", or a time before now such as 2h
    #[arg(long, value_name = "TIME")]
    before: Option<String>,

    /// The most checks to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let before = arguments.before.as_deref().map(|text| when::earlier(text, session.now())).transpose();
    let before = before.map_err(|problem| crate::exit::WrongUse(format!("--before: {problem}.")))?;
    let operations = session.connected_operations()?;
    let connection = arguments.named.find(&operations, session).await?;
    let context = session.context("health history");
    let history =
        operations.health_history(&context, connection.id, before, arguments.limit).await.map_err(not_done)?;
    if arguments.list.output == ListOutput::Table {
        printer.line(&head(&history.connection, history.at))?;
    }
    printer.list(&history.checks, &arguments.list, "No such checks.")?;
    Ok(Exit::Successful)
}

/// The connection's state on a line or two.
fn head(connection: &ConnectionHealth, now: Moment) -> String {
    let health = &connection.health;
    let mut head = format!("{}: {} for {}", connection.name, health.state, span(now.milliseconds_since(health.since)));
    for (name, uptime) in
        [("24 h", connection.uptime_day), ("7 d", connection.uptime_week), ("30 d", connection.uptime_month)]
    {
        let percent = percent(uptime);
        if !percent.is_empty() {
            head.push_str(&format!(" · {name} {percent}"));
        }
    }
    match &connection.site_inactive {
        Some(_) => head.push_str(" · not checked: its site is inactive"),
        None if !connection.checked => head.push_str(" · without a health check"),
        None => {}
    }
    if let Some(at) = health.last_error_at {
        let tab = health.last_error.as_deref().unwrap_or_default();
        head.push_str(&format!("\nLast error at {}:\n  {}", moment_if_any(Some(at)), tab.replace('\n', "\n  ")));
        let explained = [("Cause", &connection.last_error_cause), ("Cure", &connection.last_error_cure)];
        for (label, text) in explained.into_iter().filter_map(|(label, text)| Some((label, text.as_deref()?))) {
            head.push_str(&format!("\n  {label}: {text}"));
        }
    }
    head
}

impl ListRow for Check {
    const HEADINGS: &[&str] = &["Due", "Result", "Latency ms", "Late ms", "Ended", "Detail", "Node"];

    fn cells(&self) -> Vec<String> {
        vec![
            moment(self.due_at),
            self.result.to_string(),
            self.latency_ms.to_string(),
            self.started_at.milliseconds_since(self.due_at).to_string(),
            moment(self.ended_at),
            self.detail.clone().unwrap_or_default(),
            self.node.clone(),
        ]
    }
}
