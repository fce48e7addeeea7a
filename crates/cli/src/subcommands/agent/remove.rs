//! `footprint agent remove`: deletes an agent and its secret.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Delete a proxy agent and its secret; refused while connections use the agent
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    agent: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("agent remove");
    let removed = session.connected_operations()?.remove_agent(&context, &arguments.agent).await;
    let agent = session.changed(context, removed).await?;
    printer.done(&format!("The agent {} and its secret are deleted.", quoted(&agent.name)))?;
    Ok(Exit::Successful)
}
