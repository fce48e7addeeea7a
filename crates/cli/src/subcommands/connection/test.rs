//! `footprint connection test`: proves that a connection works.

use anyhow::Result;
use clap::Args;

use super::find::Named;
use super::run::until_interrupted;
use crate::exit::Exit;
use crate::instance::{Action, Executing, OperatorSession};
use crate::printer::{Form, Printer, receipt};

const EXAMPLES: &str = "\
Examples:
  footprint connection test production
  footprint connection test production --site \"Security Operations\" --output json

Exit codes: 0 Passed, 1 Failed, 2 wrong use.";

/// Test a connection: log in afresh, and prove session and tenant
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,

    /// How to write the outcome
    #[arg(long, short, value_enum, default_value_t = Form::Table)]
    output: Form,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let executing = Executing::start(session).await?;
    let found = arguments.named.find(executing.executor.connections(), session).await;
    let tested = match found {
        Ok((connection, caller)) => {
            let action = Action { command: "connection test", site: connection.place.name(), about: &connection.name };
            let test = executing.executor.test(&caller, connection.id);
            let tested = until_interrupted(&executing.executor, test).await;
            session.audited(&action, tested).await
        }
        Err(error) => Err(error),
    };
    executing.end().await?;
    let outcome = tested?.finished.outcome;
    printer.warnings(&outcome.warnings);
    match (arguments.output, &outcome.error) {
        (Form::Json, _) => printer.json(&outcome)?,
        (Form::Table, None) => printer.done("Passed")?,
        (Form::Table, Some(error)) => printer.error_tab(error),
    }
    if arguments.output == Form::Table {
        printer.note(&receipt(&outcome.receipt, None));
    }
    Ok(Exit::of_outcome(&outcome))
}
