//! `footprint incident link`: links an incident with others.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

const EXAMPLES: &str = "\
Examples:
  footprint incident link 20210127-198 20210127-197
  footprint incident link 20210127-198 20210127-197 20210126-3

`footprint utility get-linked-incidents-of-an-incident` shows the links, and `footprint utility
remove-linked-incidents` removes links.";

/// Link an incident with others
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The incident's number
    incident: String,

    /// The numbers of the incidents to link it with
    #[arg(required = true)]
    others: Vec<String>,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let Arguments { incident, others } = arguments;
    let context = session.context("incident link");
    let linked = session.operations().link_incidents(&context, incident, others).await;
    let new = session.changed(context, linked).await?.added;
    let many = others.len() > 1;
    let done = match (new, many) {
        (0, _) => "was linked with them already".to_owned(),
        (_, false) => format!("is linked with {}", quoted(&others.join(", "))),
        (new, true) => format!("has {new} new links"),
    };
    printer.done(&format!("The incident {} {done}.", quoted(incident)))?;
    Ok(Exit::Successful)
}
