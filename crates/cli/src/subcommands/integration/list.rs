//! `footprint integration list`: the integrations that are compiled in.

use anyhow::Result;
use clap::Args;
use soar_host::operations::Integration;

use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer};

/// List the integrations that are compiled in, with the parameters of their connections
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let integrations = session.connected_operations()?.list_integrations().map_err(not_done)?;
    printer.list(&integrations, &arguments.list, "No integrations.")?;
    Ok(Exit::Successful)
}

impl ListRow for Integration {
    const HEADINGS: &[&str] = &["Integration", "Product", "Vendor", "Commands", "Parameters"];

    fn cells(&self) -> Vec<String> {
        let parameters: Vec<_> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        vec![
            self.id.clone(),
            self.name.clone(),
            self.vendor.clone(),
            self.commands.len().to_string(),
            parameters.join(", "),
        ]
    }
}
