//! `footprint findings collection`: shows how far a collection has come.

use anyhow::Result;
use clap::Args;
use soar_store::model::CollectionId;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListOutput, Printer};

/// Show a collection, with one result per tenant
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its number
    collection: CollectionId,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let context = session.context("findings collection");
    let shown = operations.finding_collection(&context, arguments.collection).await.map_err(not_done)?;
    if arguments.list.output == ListOutput::Json {
        printer.json(&shown)?;
    } else {
        printer.list(&shown.tenants, &arguments.list, "No tenants that you may see.")?;
    }
    if !shown.ended {
        printer.note("It has not ended. `footprint findings collect --resume` goes on with it here.");
    }
    Ok(Exit::Successful)
}
