//! `footprint tenant change`: changes the address of a tenant.

use anyhow::Result;
use clap::Args;

use super::find::TenantArguments;
use super::show::show_one;
use crate::exit::Exit;
use crate::instance::OperatorSession;
use crate::printer::{OutputFormat, Printer};

/// Change the address of a tenant; it stays registered
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    named: TenantArguments,

    /// Its new address
    #[arg(long)]
    url: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let operations = session.connected_operations()?;
    let tenant = arguments.named.find(&operations, session).await?;
    let context = session.context("tenant change");
    let moved = operations.move_tenant(&context, tenant.id, &arguments.url).await;
    show_one(&session.changed(context, moved).await?, arguments.output, printer)?;
    Ok(Exit::Successful)
}
