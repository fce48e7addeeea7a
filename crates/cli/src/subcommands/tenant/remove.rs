//! `footprint tenant remove`: forgets a tenant.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::Records;

use super::find::Named;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::Printer;

/// Forget a tenant that is revoked or was never registered; the history of syncs stays
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let tenant = arguments.named.find(session).await?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant remove", site: "", about: &tenant.name };
    let remove = async |records: &mut Records<'_>| tenants.remove_in(records, &caller, tenant.id).await;
    let removed = session.change(&action, remove).await?;
    printer.done(&format!("The tenant {} is forgotten.", quoted(&removed.name)))?;
    Ok(Exit::Successful)
}
