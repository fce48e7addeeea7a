//! `footprint alert waiting`: the alerts that were not delivered yet.

use anyhow::Result;
use clap::Args;
use soar_store::WaitingMessage;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer, moment};
use crate::values::within;

/// List the alerts that were not delivered yet, the oldest first, with the reason
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The most alerts to show, from 1 to 1000
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = within::<i64>(1..=1000))]
    limit: i64,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("alert waiting");
    let waiting = session.operations().list_waiting_alerts(&context, arguments.limit).await.map_err(not_done)?;
    printer.list(&waiting, &arguments.list, "No alerts wait for delivery.")?;
    Ok(Exit::Successful)
}

impl ListRow for WaitingMessage {
    const HEADINGS: &[&str] = &["Destination", "Since", "Attempts", "Next Attempt", "Last Error", "Alert"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.destination.clone(),
            moment(self.created_at),
            self.attempts.to_string(),
            moment(self.next_attempt_at),
            self.last_error.clone().unwrap_or_default(),
            self.id.clone(),
        ]
    }
}
