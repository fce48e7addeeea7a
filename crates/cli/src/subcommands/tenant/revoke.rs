//! `footprint tenant revoke`: this master's secret for a tenant is destroyed.

use anyhow::Result;
use clap::Args;
use soar_connector::name::quoted;

use super::find::Named;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Send nothing to a tenant any more; what it has stays there
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: Named,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenant = arguments.named.find(&operations, session).await?;
    let context = session.context("tenant revoke");
    let ended = operations.revoke_tenant(&context, tenant.id).await;
    let revoked = session.changed(context, ended).await?;
    printer.done(&format!(
        "The tenant {} is revoked. A new one-time key of it registers it anew.",
        quoted(&revoked.name)
    ))?;
    Ok(Exit::Successful)
}
