//! `footprint tenant master show`: shows a master without its secret.

use anyhow::Result;
use clap::Args;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{OutputFormat, Printer, moment, moment_if_any};

/// Show a master
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Its name
    master: String,

    /// The output format
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let context = session.context("tenant master show");
    let master = session.connected_operations()?.master(&context, &arguments.master).await.map_err(not_done)?;
    let labels = [
        ("Master", master.name.clone()),
        ("Region", master.region.clone()),
        ("State", master.state.to_string().to_lowercase()),
        ("Connections", master.connections.to_string()),
        ("Calls this", format!("{} ({})", master.tenant_name, master.tenant_region)),
        ("Public key", master.instance.clone()),
        ("Registered", moment(master.registered_at)),
        ("Last message", moment_if_any(master.seen_at)),
        ("Revoked", moment_if_any(master.revoked_at)),
    ];
    printer.details(&master, arguments.output, &labels)?;
    Ok(Exit::Successful)
}
