//! `footprint connection diagnose`: diagnoses a connection of the instance.

use anyhow::Result;
use clap::Args;
use soar_connector::Diagnosis;

use super::find::ConnectionArguments;
use crate::exit::Exit;
use crate::instance::{Executing, OperatorSession};
use crate::printer::{OutputFormat, Printer};
use crate::subcommands::diagnose::show;

const EXAMPLES: &str = "\
Examples:
  footprint connection diagnose production
  footprint connection diagnose production --output json

It connects as commands do, through the connection's agent if it has one. It never runs commands that write.
Exit codes: 0 no failure (a denied command is not a failure), 1 a failure, 2 wrong use.";

/// Diagnose a connection: network, certificate, login, tenant, and each command's permission
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
    let diagnosed = diagnosed(arguments, &executing, session).await;
    executing.end().await?;
    let diagnosis = diagnosed?;
    match arguments.output {
        OutputFormat::Json => printer.json(&diagnosis)?,
        OutputFormat::Table => show(&diagnosis, printer)?,
    }
    Ok(if diagnosis.is_healthy() { Exit::Successful } else { Exit::Failed })
}

async fn diagnosed(arguments: &Arguments, executing: &Executing, session: &OperatorSession) -> Result<Diagnosis> {
    let operations = &executing.operations;
    let connection = arguments.named.find(operations, session).await?;
    let site = session.site_if_named(arguments.named.site.as_deref()).await?;
    let context = session.context("connection diagnose").about_site(connection.place.name());
    let ended = operations.diagnose_connection(&context, connection.id, site.as_deref()).await;
    session.tried(context, ended).await
}
