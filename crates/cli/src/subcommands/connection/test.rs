//! `footprint connection test`: tests a connection.

use anyhow::Result;
use clap::Args;
use soar_host::operations::ConnectionTested;

use super::find::ConnectionArguments;
use super::run::until_interrupted;
use crate::exit::Exit;
use crate::instance::{Executing, OperatorSession};
use crate::printer::{OutputFormat, Printer, receipt};

const EXAMPLES: &str = "\
Examples:
  footprint connection test production
  footprint connection test production --site \"Security Operations\" --output json

Exit codes: 0 Passed, 1 Failed, 2 wrong use.";

/// Test a connection: log in again, and check session and tenant
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: ConnectionArguments,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let executing = Executing::start(session).await?;
    let tested = tested(arguments, &executing, session).await;
    executing.end().await?;
    let tested = tested?;
    let outcome = &tested.outcome;
    printer.warnings(&outcome.warnings);
    match (arguments.output, &outcome.error) {
        (OutputFormat::Json, _) => printer.json(&tested)?,
        (OutputFormat::Table, None) => printer.done("Passed")?,
        (OutputFormat::Table, Some(error)) => printer.error_tab(error),
    }
    if arguments.output == OutputFormat::Table {
        printer.note(&receipt(&outcome.receipt, None));
    }
    Ok(Exit::of_outcome(outcome))
}

async fn tested(arguments: &Arguments, executing: &Executing, session: &OperatorSession) -> Result<ConnectionTested> {
    let operations = &executing.operations;
    let connection = arguments.named.find(operations, session).await?;
    let site = session.site_if_named(arguments.named.site.as_deref()).await?;
    let context = session.context("connection test").about_site(connection.place.name());
    let test = operations.test_connection(&context, connection.id, site.as_deref());
    let ended = until_interrupted(executing, test).await;
    session.tried(context, ended).await
}
