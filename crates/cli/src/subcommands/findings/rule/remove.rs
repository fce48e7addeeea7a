//! `footprint findings rule remove`: removes a rule.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::find;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Remove a rule; its incidents stay as they are
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    rule: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.operations();
    let rule = find(&arguments.rule, &operations, session).await?;
    let context = session.context("findings rule remove");
    let removed = operations.remove_finding_rule(&context, rule.id).await;
    let removed = session.changed(context, removed).await?;
    printer.done(&format!("The rule {} was removed. Its incidents stay.", quoted(&removed.rule.name)))?;
    Ok(Exit::Successful)
}
