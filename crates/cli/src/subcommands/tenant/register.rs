//! `footprint tenant register`: proves to a tenant that this master has its key, and agrees on a secret.

use anyhow::Result;
use clap::Args;
use secrecy::ExposeSecret as _;
use soar_connector::name::quoted;

use super::find::TenantArguments;
use super::secret::KeySource;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::Printer;

/// Register with a tenant: both then have a common secret, which never crosses the network
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: TenantArguments,

    #[command(flatten)]
    key: KeySource,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenant = arguments.named.find(&operations, session).await?;
    let key = arguments.key.read()?;
    let context = session.context("tenant register");
    let ended = operations.register_tenant(&context, tenant.id, key.as_ref().map(|key| key.expose_secret())).await;
    let registered = session.tried(context, ended).await?;
    printer
        .done(&format!("The tenant {} is registered. Connections can be synced to it.", quoted(&registered.name)))?;
    Ok(Exit::Successful)
}
