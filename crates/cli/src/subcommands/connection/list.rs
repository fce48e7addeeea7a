//! `footprint connection list`: the connections that the user may see.

use anyhow::Result;
use clap::Args;
use soar_host::operations::ConnectionQuery;
use soar_store::model::Connection;

use super::health_check::in_words;
use crate::exit::Exit;
use crate::instance::{OperatorSession, not_done};
use crate::printer::{ListFlags, ListRow, Printer};

/// List the connections that you may see
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only the connections of this site, including shared ones
    #[arg(long)]
    site: Option<String>,

    #[command(flatten)]
    list: ListFlags,
}

pub(super) async fn run(arguments: &Arguments, session: &OperatorSession, printer: &mut Printer) -> Result<Exit> {
    let site = session.site_if_named(arguments.site.as_deref()).await?;
    let context = session.context("connection list");
    let wanted = ConnectionQuery { site, ..ConnectionQuery::default() };
    let found = session.connected_operations()?.list_connections(&context, &wanted).await.map_err(not_done)?;
    printer.list(
        &found.connections,
        &arguments.list,
        "No connections that you may see. `footprint connection add` creates one.",
    )?;
    Ok(Exit::Successful)
}

impl ListRow for Connection {
    const HEADINGS: &[&str] =
        &["Connection", "Site", "Integration", "Active", "Health Check", "Users", "Owner", "Description"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.place.name().to_owned(),
            self.integration.clone(),
            if self.active { "yes" } else { "no" }.to_owned(),
            in_words(self),
            users(self),
            self.owner.as_ref().map_or_else(|| "this instance".to_owned(), |owner| format!("master {owner}")),
            self.description.clone(),
        ]
    }
}

pub(super) fn users(connection: &Connection) -> String {
    if connection.users.is_empty() {
        return "all with the right".to_owned();
    }
    connection.users.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(", ")
}
