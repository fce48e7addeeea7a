//! `footprint tenant list`: the tenants of this master.

use anyhow::Result;
use clap::Args;
use soar_store::TenantFilter;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, Printer};

/// List the tenants of this master
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only tenants of this region
    #[arg(long)]
    region: Option<String>,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let filter = TenantFilter { region: arguments.region.clone(), ..TenantFilter::default() };
    let context = session.context("tenant list");
    let page = session.connected_operations()?.list_tenants(&context, &filter, i64::MAX).await.map_err(not_done)?;
    printer.list(&page.tenants, &arguments.list, "No tenants. `footprint tenant add` adds one.")?;
    Ok(Exit::Successful)
}
