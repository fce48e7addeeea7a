//! `footprint tenant remove`: removes a tenant.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::find::TenantArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Remove a tenant that is revoked or was never registered; the history of syncs stays
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: TenantArguments,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenant = arguments.named.find(&operations, session).await?;
    let context = session.context("tenant remove");
    let ended = operations.remove_tenant(&context, tenant.id).await;
    let removed = session.changed(context, ended).await?;
    printer.done(&format!("The tenant {} is removed.", quoted(&removed.name)))?;
    Ok(Exit::Successful)
}
