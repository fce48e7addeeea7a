//! `footprint tenant revoke`: revokes a tenant and deletes the common secret.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::find::TenantArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Revoke a tenant: this master sends it nothing more; the connections that it has stay there
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: TenantArguments,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenant = arguments.named.find(&operations, session).await?;
    let context = session.context("tenant revoke");
    let ended = operations.revoke_tenant(&context, tenant.id).await;
    let revoked = session.changed(context, ended).await?;
    printer.done(&format!(
        "The tenant {} is revoked. With a new one-time key it can be registered again.",
        quoted(&revoked.name)
    ))?;
    Ok(Exit::Successful)
}
