//! `footprint tenant show`: shows a tenant without its secret.

use anyhow::Result;
use clap::Args;
use soar_store::model::Tenant;

use super::find::TenantArguments;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// Show a tenant
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: TenantArguments,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    show_one(&arguments.named.find(&session.connected_operations()?, session).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}

pub(super) fn show_one(tenant: &Tenant, form: OutputFormat, printer: &mut Printer) -> Result<()> {
    let labels = [
        ("Tenant", tenant.name.clone()),
        ("Region", tenant.region.clone()),
        ("Address", tenant.url.clone()),
        ("State", tenant.state.to_string().to_lowercase()),
        ("Public key", tenant.instance.clone().unwrap_or_default()),
        ("Added", moment(tenant.created_at)),
        ("Registered", moment_if_any(tenant.registered_at)),
        ("Revoked", moment_if_any(tenant.revoked_at)),
    ];
    Ok(printer.details(tenant, form, &labels)?)
}
