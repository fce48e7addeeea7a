//! `footprint tenant revoke`: this master's secret for a tenant is destroyed.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;
use soar_store::Records;

use super::find::Named;
use crate::exit::Exit;
use crate::instance::{Action, OperatorSession, tenants};
use crate::printer::Printer;

/// Send nothing to a tenant any more; what it has stays there
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let tenants = tenants(session)?;
    let tenant = arguments.named.find(session).await?;
    let caller = session.any_caller().await?;
    let action = Action { command: "tenant revoke", site: "", about: &tenant.name };
    let revoke = async |records: &mut Records<'_>| tenants.revoke_in(records, &caller, tenant.id).await;
    let revoked = session.change(&action, revoke).await?;
    printer.done(&format!(
        "The tenant {} is revoked. A new one-time key of it registers it anew.",
        quoted(&revoked.name)
    ))?;
    Ok(Exit::Successful)
}
