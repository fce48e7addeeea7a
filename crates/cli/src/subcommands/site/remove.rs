//! `footprint site remove`: deletes a site without records.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Delete a site; refused while incidents, cases or connections belong to it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    site: String,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("site remove").about_site(&arguments.site);
    let removed = session.operations().remove_site(&context, &arguments.site).await;
    let site = session.changed(context, removed).await?;
    printer.done(&format!("The site {} is deleted.", quoted(&site.name)))?;
    Ok(Exit::Successful)
}
